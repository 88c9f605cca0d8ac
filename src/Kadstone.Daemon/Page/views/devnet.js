// A network of one's own on this machine: its nodes, more of them, fewer of them.
import { send } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { Loader } from '../lib/loader.js';
import { announce, button, card, empty, facts, heading, level, loaded, nameOf, networkName, problem, table } from '../lib/parts.js';
import { state } from '../lib/state.js';
import { count, foreign, key, number, withoutPeer } from '../lib/text.js';

const SCREEN = 100;

export function devnet(rest, redraw) {
  const loader = new Loader('/v1/devnet', redraw, 3);
  let error = null;

  async function act(work, words) {
    error = null;
    try {
      await work();
      announce(words);
      await loader.refresh();
    } catch (failure) {
      error = failure;
      redraw();
    }
  }

  const add = (network, more) => act(() => send('POST', '/v1/devnet/nodes', { network, count: more }), `${count(more, 'node')} added`);
  const stop = node => act(() => send('DELETE', `/v1/devnet/nodes/${encodeURIComponent(node.network)}/${encodeURIComponent(node.number)}`), `Node ${node.number} stopped`);
  return {
    title: 'Devnet',
    close: () => loader.close(),
    draw: () => (state.status !== null && state.status.devnet === null
      ? [heading('Devnet'), empty('This daemon is on the real networks', 'A network of one’s own starts with dht up --devnet.')]
      : [
        heading('Devnet', 'A network of its own on this machine. Nothing here reaches anybody else.'),
        error ? problem(error) : null,
        state.status === null ? null : drawForm(state.status, add),
        loaded(loader, value => drawNodes(value.nodes, stop)),
      ]),
  };
}

function drawForm(status, add) {
  const networks = status.networks.map(({ name }) => [name, status.devnet.nodes[name] ?? 0]);
  return card('Nodes', null, facts(networks.map(([name, nodes]) => [nameOf(name), number(nodes)]), 'row'), h('form', {
    class: 'inline',
    'aria-label': 'Add nodes',
    onsubmit: event => {
      event.preventDefault();
      const fields = new FormData(event.currentTarget);
      add(fields.get('network'), Number(fields.get('count')));
    },
  },
  h('label', null, 'Network', h('select', { name: 'network' }, networks.map(([name]) => h('option', { value: name }, nameOf(name))))),
  h('label', null, 'How many', h('input', { name: 'count', type: 'number', min: 1, max: 100, value: 5, required: true })),
  h('button', { type: 'submit', class: 'first' }, 'Add')));
}

function drawNodes(nodes, stop) {
  return nodes.length === 0 ? empty('No other node yet', 'Add a few, and look at the map.') : [
    h('div', { class: 'card flush' }, table({
      caption: 'The nodes of the devnet',
      columns: [
        { name: 'Node', cell: node => h('span', { class: 'whole' }, networkName(node.network), ` ${number(node.number)}`) },
        { name: 'Id', cell: node => (node.id === null ? h('span', { class: 'quiet' }, '–') : key(node.id, 10)) },
        { name: 'Address', look: 'wide', cell: node => foreign(withoutPeer(node.address, node.id), 90) },
        { name: 'State', cell: node => (node.isRunning ? level('ok', 'Runs') : level('idle', 'Stopped')) },
        { name: 'Stop', look: 'action', isSilent: true, cell: node => (node.isRunning ? button('Stop', () => stop(node), { look: 'plain' }) : '') },
      ],
      rows: nodes.slice(0, SCREEN),
    })),
    nodes.length > SCREEN ? h('p', { class: 'quiet' }, `${number(nodes.length - SCREEN)} more are not shown.`) : null,
  ];
}
