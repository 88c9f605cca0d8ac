// Lookups as they run, newest first.
import { h } from '../lib/dom.js';
import { Loader } from '../lib/loader.js';
import { empty, heading, lookupState, networkName, problem, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { foreign, key, milliseconds, moment, number, spaced } from '../lib/text.js';

const SCREEN = 50;

export function lookups(rest, redraw) {
  const list = new Loader('/v1/lookups?limit=200', () => {
    state.addLookups(list.value?.lookups ?? []);
    redraw();
  });
  let shown = SCREEN;
  return {
    title: 'Lookups',
    close: () => list.close(),
    draw() {
      const all = state.recentLookups();
      const running = all.filter(lookup => lookup.state === 'running').length;
      return [
        heading('Lookups', 'How this node finds the nearest to a key: each one can be replayed, hop by hop.', running > 0 ? h('p', { class: 'pill is-live' }, `${number(running)} running`) : null),
        list.error && all.length === 0 ? problem(list.error) : null,
        all.length === 0 && list.value !== null ? empty('No lookup yet', 'The node looks up its own neighbourhood when it starts. ', h('a', { href: '#/try' }, 'Look something up'), '.') : null,
        all.length === 0 ? null : h('div', { class: 'card flush' }, drawTable(all.slice(0, shown))),
        all.length > shown ? h('p', { class: 'actions' }, h('button', {
          type: 'button',
          onclick: () => {
            shown += SCREEN;
            redraw();
          },
        }, `Show ${number(Math.min(SCREEN, all.length - shown))} more`)) : null,
      ];
    },
  };
}

function drawTable(rows) {
  return table({
    caption: 'Lookups, newest first',
    columns: [
      { name: 'Target', cell: lookup => h('a', { href: `#/lookups/${encodeURIComponent(lookup.id)}` }, key(lookup.target)) },
      { name: 'Network', cell: lookup => networkName(lookup.network) },
      { name: 'For', cell: lookup => foreign(spaced(lookup.kind), 40) },
      { name: 'State', cell: lookup => lookupState(lookup.state) },
      { name: 'Took', look: 'number', cell: lookup => milliseconds(lookup.milliseconds) },
      { name: 'Hops', look: 'number minor', cell: lookup => number(lookup.hops) },
      { name: 'Answers', look: 'number', cell: lookup => `${number(lookup.answers)} of ${number(lookup.requests)}` },
      { name: 'Found', look: 'number minor', cell: lookup => number(lookup.found) },
      { name: 'Begun', look: 'number', cell: lookup => moment(lookup.startedAt) },
    ],
    rows,
  });
}
