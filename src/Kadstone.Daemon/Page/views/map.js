// Where this node lives in the keyspace, whom it knows, what it keeps, and how its last lookup went.
import { approachOf } from '../charts/approach.js';
import { rungsOf } from '../charts/ladder.js';
import { ring, speedOf } from '../charts/ring.js';
import { h } from '../lib/dom.js';
import { sharedBits } from '../lib/keyspace.js';
import { Loader } from '../lib/loader.js';
import { asTable, card, empty, facts, heading, loaded, nameOf, networkTabs, chosenNetwork, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { count, foreign, key, milliseconds, moment, number, plain, spaced } from '../lib/text.js';

const TABLE_ROWS = 200;

export function map(rest, redraw) {
  let network = null;
  let contacts = null;
  let path = null;
  const density = new Loader('/v1/records/density', redraw, 30);

  function choose() {
    const wanted = chosenNetwork(state.status, rest[0]);
    if (wanted !== network) {
      network = wanted;
      contacts?.close();
      contacts = new Loader(`/v1/networks/${encodeURIComponent(network)}/table`, redraw, 5);
    }

    const last = state.recentLookups().find(lookup => lookup.network === network && lookup.state !== 'running');
    if (last && path?.id !== last.id) {
      path?.loader.close();
      path = { id: last.id, loader: new Loader(`/v1/lookups/${encodeURIComponent(last.id)}`, redraw) };
    }
  }

  const recent = new Loader('/v1/lookups?limit=50', () => {
    state.addLookups(recent.value?.lookups ?? []);
    redraw();
  });
  return {
    title: 'Map',
    close: () => [recent, density, contacts, path?.loader].forEach(loader => loader?.close()),
    draw() {
      if (state.status === null) {
        return h('p', { class: 'waiting' }, 'One moment…');
      }

      choose();
      return [
        heading('Keyspace map', 'Every key has its place on this ring, and every node keeps what lies near its own.'),
        networkTabs(state.status, network, 'map'),
        network === null ? empty('No network runs', 'Start one with dht up.') : loaded(contacts, value => drawMap(value, shelvesOf(network, density.value), path?.loader.value ?? null, network)),
      ];
    },
  };
}

function shelvesOf(network, density) {
  const all = density?.shelves ?? [];
  const own = all.filter(({ shelf }) => String(shelf).toLowerCase().includes(network));
  const chosen = own.length > 0 ? own : all;
  if (chosen.length === 0) {
    return null;
  }

  const counts = new Array(256).fill(0);
  for (const { counts: some } of chosen) {
    some.slice(0, 256).forEach((value, index) => {
      counts[index] += value;
    });
  }

  return { counts, isSampled: chosen.some(shelf => shelf.isSampled), isOwn: own.length > 0 };
}

/** The contacts whose answers brought a lookup nearer, in that order. */
export function stepsNearer(lookup) {
  const rungs = rungsOf(lookup.steps);
  return approachOf(rungs).map(({ at, bits }) => rungs.find(rung => rung.to === at && rung.step.distanceBits === bits))
    .map(rung => ({ ...rung.contact, rttMs: rung.step.rttMs, bits: rung.step.distanceBits, hop: rung.hop }));
}

function drawMap(value, density, lookup, network) {
  const contacts = value.buckets.flatMap(bucket => bucket.contacts);
  const path = lookup === null ? [] : stepsNearer(lookup);
  const records = density?.counts.reduce((sum, some) => sum + some, 0) ?? 0;
  return h('div', { class: 'map' },
    card('Contacts and records', { class: 'drawing' },
      h('p', { class: 'quiet' }, 'Keys run clockwise from the top. The nearer a dot to the ring, the quicker it answers; bars outside count records.'),
      ring({ own: value.keyspace, contacts, density: density?.counts, path, target: lookup?.keyspace }),
      h('ul', { class: 'legend' },
        h('li', { class: 'is-own' }, 'this node'),
        h('li', { class: 'is-quick' }, 'under 50 ms'), h('li', { class: 'is-fair' }, 'under 250 ms'), h('li', { class: 'is-slow' }, 'slower'), h('li', { class: 'is-unknown' }, 'not measured, or doubtful'),
        h('li', { class: 'is-density' }, 'records'), path.length > 0 ? h('li', { class: 'is-path' }, 'last lookup') : null)),
    h('div', { class: 'beside' },
      card(null, null, h('h2', { class: 'unseen' }, 'In figures'), facts([
        ['Own id', value.id === null ? h('span', { class: 'quiet' }, 'not yet') : key(value.id)],
        ['Contacts', number(value.size)],
        ['Median round trip', milliseconds(median(contacts))],
        ['Records drawn', number(records), [density?.isOwn === false ? 'of all networks' : null, density?.isSampled ? ' a sample' : null]],
      ])),
      lookup === null ? null : card('Last lookup', null,
        h('p', { class: 'sentence' }, key(lookup.target, 10), ' ', h('span', { class: 'quiet' }, foreign(spaced(lookup.kind), 40), ', ', moment(lookup.startedAt))),
        h('p', null, wayOf(path)),
        h('p', { class: 'more' }, h('a', { href: `#/lookups/${encodeURIComponent(lookup.id)}` }, 'Its ladder'))),
      contacts.length === 0 ? empty('Nobody is known yet', `${nameOf(network)} is joining; contacts appear as they answer.`) : asTable('Contacts as a table', drawContacts(contacts, value.keyspace)),
      density === null ? null : asTable('Records as a table', drawDensity(density.counts)),
      path.length === 0 ? null : asTable('The lookup’s way as a table', drawPath(path))));
}

function wayOf(path) {
  return path.length === 0 ? 'No answer brought it nearer.'
    : path.length === 1 ? `Its nearest answer came from ${number(path[0].bits)} bits away.`
      : `${count(path.length, 'answer')} brought it nearer: from ${number(path[0].bits)} to ${number(path.at(-1).bits)} bits away.`;
}

function median(contacts) {
  const known = contacts.map(contact => contact.rttMs).filter(Number.isFinite).sort((a, b) => a - b);
  return known.length === 0 ? NaN : known[Math.floor(known.length / 2)];
}

function drawContacts(contacts, own) {
  const rows = contacts.map(contact => ({ ...contact, shared: sharedBits(own, contact.keyspace) })).sort((a, b) => b.shared - a.shared).slice(0, TABLE_ROWS);
  return table({
    caption: `Contacts, nearest first${contacts.length > TABLE_ROWS ? `: ${TABLE_ROWS} of ${number(contacts.length)}` : ''}`,
    isCaptionShown: true,
    columns: [
      { name: 'Contact', cell: contact => key(contact.id) },
      { name: 'Bits shared', look: 'number', cell: contact => number(contact.shared) },
      { name: 'Round trip', look: 'number', cell: contact => (speedOf(contact.rttMs ?? NaN) === 'unknown' ? '–' : milliseconds(contact.rttMs)) },
      { name: 'State', cell: contact => plain(contact.state, 20) },
    ],
    rows,
  });
}

function drawDensity(counts) {
  const sixteenths = Array.from({ length: 16 }, (_, index) => ({ from: index.toString(16), value: counts.slice(index * 16, index * 16 + 16).reduce((sum, some) => sum + some, 0) }));
  return table({
    caption: 'Records by the first digit of their key',
    isCaptionShown: true,
    columns: [{ name: 'Keys', cell: row => h('code', null, `${row.from}…`) }, { name: 'Records', look: 'number', cell: row => number(row.value) }],
    rows: sixteenths,
  });
}

function drawPath(path) {
  return table({
    caption: 'Answers that brought the last lookup nearer',
    isCaptionShown: true,
    columns: [
      { name: 'Contact', cell: contact => key(contact.id) },
      { name: 'Hop', look: 'number', cell: contact => number(contact.hop) },
      { name: 'Bits left', look: 'number', cell: contact => number(contact.bits) },
      { name: 'Round trip', look: 'number', cell: contact => milliseconds(contact.rttMs ?? NaN) },
    ],
    rows: path,
  });
}
