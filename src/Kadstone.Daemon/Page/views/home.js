// One sentence a network and what to do next; then the figures behind it.
import { traffic } from '../charts/traffic.js';
import { Loader } from '../lib/loader.js';
import { h } from '../lib/dom.js';
import { card, copyButton, empty, facts, level, lookupState, meter, nameOf, networkName, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { bytes, compact, count, foreign, key, milliseconds, moment, number, rate } from '../lib/text.js';

const LATEST = 5;

export function home(rest, redraw) {
  const recent = new Loader(`/v1/lookups?limit=${LATEST}`, () => {
    state.addLookups(recent.value?.lookups ?? []);
    redraw();
  });
  return { draw: () => (state.status === null ? drawWaiting() : drawStatus(state.status)), close: () => recent.close() };
}

function drawWaiting() {
  return h('div', { class: 'verdict' }, h('h1', null, state.link === 'lost' ? 'The daemon does not answer' : 'Asking the daemon…'),
    state.link === 'lost' ? h('p', { class: 'next' }, 'Start it with ', h('code', null, 'dht up'), '; this page notices by itself.') : null);
}

function drawStatus(status) {
  return [
    h('div', { class: `verdict is-${status.verdict.level}` },
      level(status.verdict.level),
      h('h1', null, foreign(status.verdict.text)),
      next(status.verdict.next)),
    h('div', { class: 'networks' }, status.networks.map(network => drawNetwork(network, status.verdict.next))),
    h('div', { class: 'pair' }, drawLookups(), drawStore(status.store)),
  ];
}

const next = text => (text ? h('p', { class: 'next' }, h('strong', null, 'Next'), foreign(text)) : null);

function drawNetwork(network, said) {
  const { traffic: packets, rates, budget } = network;
  const samples = state.trafficOf(network.name);
  const now = samples.at(-1);
  const heading = `network-${network.name}`;
  return h('section', { class: `card network-card of-${network.name}`, 'aria-labelledby': heading },
    h('div', { class: 'card-head' }, h('h2', { id: heading }, nameOf(network.name)), level(network.level)),
    // What stands above already is not said twice.
    h('div', { class: 'said' }, h('p', { class: 'sentence' }, foreign(network.verdict)), network.next === said ? null : next(network.next)),
    facts([
      ['Contacts', number(network.contacts), h('a', { href: `#/table/${encodeURIComponent(network.name)}` }, 'by bucket')],
      ['Network size', size(network)],
      ['Reachable', reachable(network.reachable), foreign(network.mode, 30)],
      ['Stored', number(network.stored.values + network.stored.peers), `${count(network.stored.values, 'value')}, ${count(network.stored.peers, 'peer')}`],
      ['Lookups', number(network.lookups.done), network.lookups.running > 0 ? `${number(network.lookups.running)} running` : 'done'],
      ['Dropped', number(dropped(packets)), droppedWords(packets.dropped)],
    ], 'grid'),
    h('div', { class: 'flow' },
      traffic(samples),
      h('p', { class: 'key-line' },
        h('span', { class: 'sent' }, `${now ? rate(now.sent) : '–'} sent/s`), h('span', { class: 'received' }, `${now ? rate(now.received) : '–'} received/s`),
        h('span', { class: 'bytes' }, `${bytes(rates.sentBytes)}/s out, ${bytes(rates.receivedBytes)}/s in`)),
      budget.packetsPerSecond === null
        ? h('p', { class: 'key-line' }, 'No packet budget is set.')
        : meter(budget.used, budget.packetsPerSecond, `All networks: ${rate(budget.used)} of ${number(budget.packetsPerSecond)} packets/s${budget.refused > 0 ? `, used up ${number(budget.refused)} times` : ''}`)),
    drawIdentity(network));
}

function drawIdentity(network) {
  return h('div', { class: 'identity' },
    network.id === null
      ? h('p', null, h('span', { class: 'quiet' }, 'No id yet: it comes when others reach this node.'))
      : h('p', null, h('span', { class: 'quiet' }, 'Id '), key(network.id, 10), copyButton(network.id, `the ${nameOf(network.name)} id`)),
    network.addresses.length === 0 ? null : h('p', null, h('span', { class: 'quiet' }, 'At '), foreign(network.addresses[0], 48),
      network.addresses.length > 1 ? h('span', { class: 'quiet' }, ` and ${number(network.addresses.length - 1)} more`) : null));
}

function size({ estimatedNodes, estimatedDeviation }) {
  if (estimatedNodes === null) {
    return h('span', { class: 'quiet' }, 'not known yet');
  }

  // A share of the estimate, or nodes.
  const share = estimatedDeviation > 1 ? estimatedDeviation / estimatedNodes : estimatedDeviation;
  return [`≈ ${compact(estimatedNodes)}`, estimatedDeviation === null ? null : h('small', null, `± ${Math.round(share * 100)} %`)];
}

const reachable = value => (value === null ? h('span', { class: 'quiet' }, 'not known yet') : value ? 'Yes' : 'No');
const dropped = ({ dropped: { malformed, limited, unmatched } }) => malformed + limited + unmatched;

function droppedWords({ malformed, limited, unmatched }) {
  const parts = [malformed && `${number(malformed)} malformed`, limited && `${number(limited)} over limits`, unmatched && `${number(unmatched)} unasked`].filter(Boolean);
  return parts.length ? parts.join(', ') : 'packets';
}

function drawLookups() {
  const latest = state.recentLookups().slice(0, LATEST);
  return card('Latest lookups', { class: 'grow' }, latest.length === 0
    ? empty('No lookup yet', 'The node looks up its own neighbourhood when it starts. ', h('a', { href: '#/try' }, 'Look something up'), '.')
    : [table({
      caption: 'Latest lookups',
      columns: [
        { name: 'Target', cell: lookup => h('a', { href: `#/lookups/${encodeURIComponent(lookup.id)}` }, key(lookup.target)) },
        { name: 'Network', cell: lookup => networkName(lookup.network) },
        { name: 'State', cell: lookup => lookupState(lookup.state) },
        { name: 'Took', look: 'number', cell: lookup => milliseconds(lookup.milliseconds) },
        { name: 'Begun', look: 'number', cell: lookup => moment(lookup.startedAt) },
      ],
      rows: latest,
    }), h('p', { class: 'more' }, h('a', { href: '#/lookups' }, 'All lookups'))]);
}

function drawStore(store) {
  const isThere = store.state === 'ok';
  return card('Store', null,
    h('p', null, level(isThere ? 'ok' : 'fail', isThere ? 'Available' : 'Not available')),
    store.error ? h('p', { class: 'sentence' }, foreign(store.error)) : null,
    facts([['Records', number(store.records)], ['Kind', foreign(store.kind, 30)], ['Where', foreign(store.name, 80)]]),
    h('p', { class: 'more' }, h('a', { href: '#/records' }, 'All records')));
}
