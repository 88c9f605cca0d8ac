// The routing table: a row a bucket, a cell a contact.
import { h } from '../lib/dom.js';
import { Loader } from '../lib/loader.js';
import { chosenNetwork, copyButton, empty, heading, loaded, nameOf, networkTabs, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { count, duration, foreign, key, milliseconds, number } from '../lib/text.js';

const STATES = ['good', 'doubtful', 'bad'];
const MOST_CELLS = 160;

export function buckets(rest, redraw) {
  let network = null;
  let loader = null;
  return {
    title: 'Routing table',
    close: () => loader?.close(),
    draw() {
      if (state.status === null) {
        return h('p', { class: 'waiting' }, 'One moment…');
      }

      const wanted = chosenNetwork(state.status, rest[0]);
      if (wanted !== network) {
        network = wanted;
        loader?.close();
        loader = new Loader(`/v1/networks/${encodeURIComponent(network)}/table`, redraw, 5);
      }

      return [
        heading('Routing table', 'A bucket holds contacts that share so many leading bits with this node: the further down, the nearer.'),
        networkTabs(state.status, network, 'table'),
        network === null ? empty('No network runs', 'Start one with dht up.') : loaded(loader, value => drawTable(value, network)),
      ];
    },
  };
}

function drawTable(value, network) {
  const known = value.buckets.filter(bucket => bucket.contacts.length > 0);
  const all = known.flatMap(bucket => bucket.contacts);
  return [
    h('p', { class: 'sum' }, h('strong', null, count(value.size, 'contact')), ` in ${count(known.length, 'bucket')} around `, key(value.id ?? value.keyspace, 10), copyButton(value.id ?? value.keyspace, `the ${nameOf(network)} id`)),
    h('ul', { class: 'legend' }, STATES.map(name => h('li', { class: `is-${name}` }, `${name} (${number(all.filter(contact => contact.state === name).length)})`)), h('li', { class: 'is-free' }, 'free')),
    known.length === 0
      ? empty('Nobody is known yet', `${nameOf(network)} is joining; contacts appear as they answer.`)
      : h('div', { class: 'card flush buckets' }, value.buckets.filter((bucket, index) => bucket.contacts.length > 0 || index < 4).map(drawBucket)),
  ];
}

function drawBucket(bucket) {
  const { index, capacity, contacts } = bucket;
  const sorted = [...contacts].sort((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state));
  const cells = Math.min(MOST_CELLS, Math.max(capacity, sorted.length));
  return h('details', { class: 'bucket' },
    h('summary', null,
      h('span', { class: 'index' }, count(index, 'bit'), h('span', { class: 'unseen' }, ' shared')),
      h('span', { class: 'cells', 'aria-hidden': 'true' }, Array.from({ length: cells }, (_, at) => h('i', { class: at < sorted.length ? `is-${STATES.includes(sorted[at].state) ? sorted[at].state : 'doubtful'}` : null }))),
      h('span', { class: 'share' }, `${number(contacts.length)} of ${number(capacity)}`)),
    contacts.length === 0 ? h('p', { class: 'quiet' }, 'Nobody here.') : drawContacts(sorted, index));
}

function drawContacts(contacts, index) {
  return table({
    caption: `Contacts of bucket ${index}`,
    columns: [
      { name: 'Contact', cell: contact => key(contact.id, 10) },
      { name: 'Address', look: 'wide', cell: contact => foreign(contact.address, 90) },
      { name: 'State', cell: contact => h('span', { class: `state is-${STATES.includes(contact.state) ? contact.state : 'doubtful'}` }, foreign(contact.state, 20)) },
      { name: 'Round trip', look: 'number', cell: contact => milliseconds(contact.rttMs ?? NaN) },
      { name: 'Heard', look: 'number', cell: contact => (contact.lastSeenSeconds === null ? '–' : `${duration(contact.lastSeenSeconds)} ago`) },
      { name: 'Agent', look: 'wide', cell: contact => (contact.agent === null ? h('span', { class: 'quiet' }, '–') : foreign(contact.agent, 80)) },
    ],
    rows: contacts,
  });
}
