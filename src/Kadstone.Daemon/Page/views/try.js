// Look up peers, announce, put and get, on any network that runs. What comes is shown as it comes.
import { lines, get, send } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { acknowledged, announce, button, card, empty, facts, heading, nameOf, problem, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { count, foreign, key, milliseconds, number } from '../lib/text.js';

const MOST_PEERS = 500;

const ACTIONS = {
  peers: { name: 'Look up peers', go: 'Look up', about: 'Who is there for a key: an infohash, a topic, a CID.' },
  announce: { name: 'Announce', go: 'Announce', about: 'Tell the network that this machine is there for a key.' },
  get: { name: 'Get a value', go: 'Get', about: 'What the network keeps under a key.' },
  put: { name: 'Put a value', go: 'Put', about: 'Leave a value with the nodes nearest to its key.' },
};

const KEYS = { mainline: 'infohash, 40 hex digits', hyperswarm: 'topic, 64 hex digits', ipfs: 'CID' };
const VALUE_KEYS = { mainline: 'hash or public key, in hex', hyperswarm: '64 hex digits', ipfs: 'IPNS name: a peer id' };

// For who has no key at hand: what is announced under it is found under it, and nobody else's.
const EXAMPLES = {
  mainline: '2b66980093bc11806fab50cb3cb41835b95a0362',
  hyperswarm: '3031323334353637303132333435363730313233343536373031323334353637',
  ipfs: 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
};

export function tryIt(rest, redraw) {
  const form = { network: null, action: rest[0] in ACTIONS ? rest[0] : 'peers', kind: 'immutable' };
  let run = null;

  async function start(fields) {
    run?.abort.abort();
    const mine = { abort: new AbortController(), peers: [], done: null, answer: null, error: null, isOver: false, ...form };
    run = mine;
    redraw();
    try {
      await WORK[form.action](mine, fields, redraw);
      announce(OUTCOMES[mine.action](mine));
    } catch (error) {
      mine.error = mine.abort.signal.aborted ? null : error;
    }

    mine.isOver = true;
    redraw();
  }

  return {
    title: 'Try it',
    close: () => run?.abort.abort(),
    draw() {
      const networks = state.status?.networks.map(network => network.name) ?? [];
      form.network = networks.includes(form.network) ? form.network : networks[0] ?? null;
      return [
        heading('Try it', 'Ask the network something, and see what comes.'),
        form.network === null ? empty('No network runs', 'Start one with dht up.') : drawForm(form, networks, run, start, redraw),
        run === null ? null : drawRun(run, redraw),
      ];
    },
  };
}

/** What who listens is told, once, when it is over: the answer itself is not read out while it comes. */
const OUTCOMES = {
  peers: ({ peers }) => `${count(peers.length, 'peer')} found`,
  announce: ({ answer }) => `${acknowledged(answer.acknowledged, answer.asked)} took it`,
  get: () => 'A value was found',
  put: ({ answer }) => `${acknowledged(answer.acknowledged, answer.asked)} took it`,
};

const WORK = {
  async peers(run, { key: wanted }, redraw) {
    for await (const line of lines(`/v1/${encodeURIComponent(run.network)}/peers/${encodeURIComponent(wanted)}`, run.abort.signal)) {
      if (line.done) {
        run.done = line;
      } else if (line.error) {
        throw new Error(line.error);
      } else if (run.peers.length < MOST_PEERS) {
        run.peers.push(line);
      }

      redraw();
    }
  },
  async announce(run, { key: wanted, port, keep }) {
    run.answer = await send('POST', `/v1/${encodeURIComponent(run.network)}/announcements`, { key: wanted, port: port ? Number(port) : null, keep: Boolean(keep) });
  },
  async get(run, { key: wanted, salt }) {
    const query = new URLSearchParams();
    if (run.network === 'hyperswarm') {
      query.set('kind', run.kind);
    }

    if (salt) {
      query.set('salt', salt);
    }

    run.answer = await get(`/v1/${encodeURIComponent(run.network)}/values/${encodeURIComponent(wanted)}${query.size > 0 ? `?${query}` : ''}`, run.abort.signal);
  },
  async put(run, { text, salt, sequence, keep }) {
    const isMutable = run.kind === 'mutable' || run.network === 'ipfs';
    run.answer = await send('PUT', `/v1/${encodeURIComponent(run.network)}/values`, {
      text, kind: isMutable ? 'mutable' : 'immutable', salt: isMutable && salt ? salt : null, sequence: isMutable && sequence ? Number(sequence) : null, key: isMutable ? 'self' : null, keep: Boolean(keep),
    });
  },
};

function drawForm(form, networks, run, start, redraw) {
  const isBusy = run !== null && !run.isOver;
  const set = (name, value) => {
    form[name] = value;
    redraw();
  };
  return h('form', {
    class: 'card stack try',
    'aria-label': 'What to ask',
    onsubmit: event => {
      event.preventDefault();
      start(Object.fromEntries(new FormData(event.currentTarget)));
    },
  },
  choices('What', 'action', Object.entries(ACTIONS).map(([value, { name }]) => ({ value, name })), form.action, value => set('action', value)),
  networks.length > 1 ? choices('Network', 'network', networks.map(value => ({ value, name: nameOf(value) })), form.network, value => set('network', value)) : null,
  h('p', { class: 'quiet' }, ACTIONS[form.action].about),
  h('div', { class: 'stack', 'data-key': `${form.action} ${form.network}` }, drawFields(form, set)),
  h('div', { class: 'actions' },
    h('button', { type: 'submit', class: 'first' }, ACTIONS[form.action].go),
    isBusy && form.action === 'peers' ? h('button', { type: 'button', onclick: () => run.abort.abort() }, 'Stop') : null));
}

function drawFields(form, set) {
  return { peers: () => drawKey(KEYS[form.network], EXAMPLES[form.network]), announce: () => drawAnnounce(form), get: () => drawGet(form, set), put: () => drawPut(form, set) }[form.action]();
}

function drawKey(placeholder, example) {
  const fillIn = event => {
    event.currentTarget.form.elements.key.value = example;
  };
  return [
    h('label', null, 'Key', h('input', { name: 'key', required: true, spellcheck: 'false', autocomplete: 'off', autocapitalize: 'off', maxlength: 200, placeholder: placeholder ?? 'key' })),
    example ? h('p', { class: 'quiet' }, 'No key at hand? ', button('Fill in an example', fillIn, { look: 'slight' })) : null,
  ];
}

function drawAnnounce({ network }) {
  // A provider is found by its peer id, which has its addresses.
  const port = network === 'ipfs' ? null : h('label', null, 'Port', h('input', { name: 'port', type: 'number', min: 1, max: 65_535, placeholder: 'the port of this node' }));
  return [drawKey(KEYS[network], EXAMPLES[network]), h('div', { class: 'fields' }, port, keepField())];
}

function drawGet({ network, kind }, set) {
  return [
    network === 'hyperswarm' ? choices('The key is', 'kind', [{ value: 'immutable', name: 'The hash of the value' }, { value: 'mutable', name: 'A public key' }], kind, value => set('kind', value)) : null,
    drawKey(VALUE_KEYS[network]),
    network === 'mainline' ? h('label', null, 'Salt', h('input', { name: 'salt', maxlength: 64, autocomplete: 'off', placeholder: 'if a public key has several values' })) : null,
  ];
}

function drawPut({ network, kind }, set) {
  if (network === 'ipfs') {
    return [h('label', null, 'Path', h('input', { name: 'text', required: true, maxlength: 1000, autocomplete: 'off', spellcheck: 'false', placeholder: '/ipfs/CID' })), keepField()];
  }

  return [
    choices('Kind', 'kind', [{ value: 'immutable', name: 'Its key is its hash' }, { value: 'mutable', name: 'Signed by this node, can change' }], kind, value => set('kind', value)),
    h('label', null, 'Text', h('textarea', { name: 'text', rows: 3, required: true, maxlength: 1000 })),
    kind !== 'mutable' ? null : h('div', { class: 'fields' },
      network === 'mainline' ? h('label', null, 'Salt', h('input', { name: 'salt', maxlength: 64, autocomplete: 'off', placeholder: 'a name, if it is one of several' })) : null,
      h('label', null, 'Sequence', h('input', { name: 'sequence', type: 'number', min: 0, placeholder: 'the next' }))),
    keepField(),
  ];
}

const keepField = () => h('label', { class: 'tick' }, h('input', { name: 'keep', type: 'checkbox', checked: true }), 'Again and again, until I stop it');

function choices(legend, name, options, current, choose) {
  return h('fieldset', null, h('legend', null, legend), h('div', { class: 'choices' }, options.map(option =>
    h('label', null, h('input', { type: 'radio', name, value: option.value, checked: option.value === current, onchange: () => choose(option.value) }), h('span', null, option.name)))));
}

function drawRun(run) {
  return card('Answer', { 'aria-busy': run.isOver ? 'false' : 'true' },
    run.error ? problem(run.error) : null,
    run.action === 'peers' ? drawPeers(run) : run.answer === null ? (run.isOver ? null : h('p', { class: 'waiting' }, 'Asking…')) : DRAW[run.action](run.answer, run));
}

function drawPeers({ peers, done, isOver, error }) {
  return [
    h('p', { class: 'sentence' }, done
      ? [count(done.found, 'peer'), ` in ${milliseconds(done.milliseconds)}. `, foreign(done.reason ?? ''), ' ', ladderLink(done.lookup)]
      : isOver ? (error ? null : `Stopped, ${count(peers.length, 'peer')} so far.`) : `${count(peers.length, 'peer')} so far…`),
    peers.length === 0 ? null : table({
      caption: 'Peers, in the order they came',
      columns: [{ name: 'Peer', look: 'wide', cell: row => [foreign(row.peer, 120), (row.addresses ?? []).filter(address => address !== row.peer).slice(0, 3).map(address => h('small', { class: 'line' }, foreign(address, 120)))] }, { name: 'Told by', look: 'wide', cell: row => (row.from ? foreign(row.from, 90) : '–') }],
      rows: peers,
    }),
  ];
}

const ladderLink = id => (id === null || id === undefined ? null : h('a', { href: `#/lookups/${encodeURIComponent(id)}` }, 'See its ladder'));

const DRAW = {
  announce: answer => [
    h('p', { class: 'sentence' }, `${acknowledged(answer.acknowledged, answer.asked)} took it${answer.refused ? `, ${number(answer.refused)} refused` : ''}${answer.silent ? `, ${number(answer.silent)} said nothing` : ''}.`),
    h('p', { class: 'more' }, h('a', { href: '#/publications' }, 'My publications')),
  ],
  put: answer => [
    h('p', { class: 'sentence' }, `${acknowledged(answer.acknowledged, answer.asked)} took it.`),
    facts([['Key', foreign(answer.key, 160)], answer.sequence === null ? null : ['Sequence', number(answer.sequence)]]),
  ],
  get: answer => [
    h('pre', { class: 'value' }, foreign(answer.text ?? answer.value, 4000)),
    facts([
      ['Key', foreign(answer.key, 160)],
      answer.sequence === null ? null : ['Sequence', number(answer.sequence)],
      answer.publicKey === null ? null : ['Signed by', key(answer.publicKey, 12)],
      answer.from ? ['From', foreign(answer.from, 90)] : null,
      answer.text === null ? ['Shown as', 'Base64, since it is no text'] : null,
    ]),
    h('p', { class: 'more' }, ladderLink(answer.lookup)),
  ],
};
