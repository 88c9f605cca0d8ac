// One lookup, replayed: why it stopped, the ladder, how it came nearer, and who was nearest.
import { approach, approachOf } from '../charts/approach.js';
import { hiddenRungs, ladder, rungsOf } from '../charts/ladder.js';
import { h } from '../lib/dom.js';
import { Loader } from '../lib/loader.js';
import { asTable, card, copyButton, empty, facts, loaded, lookupState, networkName, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { foreign, key, milliseconds, moment, number } from '../lib/text.js';

export function trace(id, redraw) {
  const loader = new Loader(`/v1/lookups/${encodeURIComponent(id)}`, redraw);
  const forget = state.watch(change => {
    const now = state.lookups.get(id);
    const had = loader.value;
    if (change === 'lookup' && now && had && (had.state !== now.state || had.requests !== now.requests || had.answers !== now.answers || had.stores !== now.stores || had.stored !== now.stored)) {
      loader.refresh();
    }
  });
  return {
    title: 'A lookup',
    close() {
      forget();
      loader.close();
    },
    draw: () => [h('p', { class: 'back' }, h('a', { href: '#/lookups' }, 'All lookups')), loaded(loader, drawLookup)],
  };
}

function drawLookup(lookup) {
  const rungs = rungsOf(lookup.steps);
  const end = Math.max(lookup.milliseconds, ...rungs.map(rung => rung.to ?? rung.from), 1);
  const room = Math.max(280, Math.min(1200, document.getElementById('main').clientWidth - (window.innerWidth <= 640 ? 68 : 92)));
  const stairs = approachOf(rungs.filter(rung => rung.hop !== Infinity));
  return [
    h('header', { class: 'heading' }, h('div', null,
      h('p', { class: 'over' }, networkName(lookup.network), ' ', foreign(lookup.kind, 40)),
      h('h1', { class: 'target' }, foreign(lookup.target, 120), copyButton(lookup.target, 'the target')))),
    h('section', { class: 'card why' },
      lookupState(lookup.state),
      h('p', { class: 'sentence' }, lookup.reason ? foreign(lookup.reason) : lookup.state === 'running' ? 'Still asking.' : 'It gave no reason.'),
      facts([
        ['Took', milliseconds(lookup.milliseconds)], ['Hops', number(lookup.hops)], ['Answers', `${number(lookup.answers)} of ${number(lookup.requests)}`],
        ['Found', number(lookup.found)], ['Stored', lookup.stores > 0 ? `${number(lookup.stored)} of ${number(lookup.stores)}` : '–'], ['Begun', moment(lookup.startedAt)],
      ], 'row')),
    rungs.length === 0 ? empty('Nobody was asked', 'A lookup that ends without a question had nobody in the table to ask.') : [
      card('Hops against time', { class: 'drawing' },
        h('ul', { class: 'legend' }, ['answered', 'silent', 'refused'].map(kind => h('li', { class: `is-${kind}` }, kind)), h('li', { class: 'is-found' }, 'had a value'), h('li', null, '+n: named n nearer contacts'), h('li', { class: 'is-end' }, 'over')),
        ladder(rungs, end, lookup.state === 'running' ? null : lookup.milliseconds, room),
        hiddenRungs(rungs) > 0 ? h('p', { class: 'quiet' }, `${number(hiddenRungs(rungs))} more contacts are in the table.`) : null,
        asTable('The ladder as a table', drawSteps(rungs))),
      stairs.length > 1 ? card('Distance left, in bits', { class: 'drawing' }, approach(stairs, end, room)) : null,
    ],
    lookup.closest.length === 0 ? null : card('Nearest in the end', { class: 'flush' }, table({
      caption: 'The nearest contacts, nearest first',
      columns: [
        { name: 'Contact', cell: contact => key(contact.id, 12) },
        { name: 'Address', look: 'wide', cell: contact => foreign(contact.address, 90) },
      ],
      rows: lookup.closest,
    })),
  ];
}

const OUTCOMES = { asked: 'no answer yet', storing: 'no word yet', store_refused: 'refused', store_silent: 'silent' };
const outcomeOf = ({ kind, step }) => `${OUTCOMES[kind] ?? kind}${Number.isFinite(step.code) ? ` (${number(step.code)})` : ''}`;

function drawSteps(rungs) {
  return table({
    caption: 'Every contact that was asked',
    columns: [
      { name: 'Contact', cell: rung => key(rung.contact.id) },
      { name: 'Address', look: 'wide', cell: rung => foreign(rung.contact.address, 60) },
      { name: 'Hop', look: 'number', cell: rung => (rung.hop === Infinity ? 'store' : number(rung.hop)) },
      { name: 'Asked at', look: 'number', cell: rung => milliseconds(rung.from) },
      { name: 'Outcome', cell: rung => outcomeOf(rung) },
      { name: 'Round trip', look: 'number', cell: rung => milliseconds(rung.step.rttMs ?? NaN) },
      { name: 'Bits left', look: 'number', cell: rung => number(rung.step.distanceBits) },
      { name: 'Nearer', look: 'number', cell: rung => number(Number(rung.step.closer)) },
      { name: 'Values', look: 'number', cell: rung => number(Number(rung.step.values)) },
    ],
    rows: rungs,
  });
}
