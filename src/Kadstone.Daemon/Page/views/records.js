// What this node keeps, a screen at a time: with a hundred thousand records the page asks for one screen of them.
import { h } from '../lib/dom.js';
import { Loader } from '../lib/loader.js';
import { button, copyButton, empty, heading, loaded, nameOf, table, tabs } from '../lib/parts.js';
import { bytes, foreign, key, moment, number, plain, spaced } from '../lib/text.js';

const SCREEN = 25;

export function records(rest, redraw) {
  const shelf = rest[0] ?? '';
  // The cursors of the screens so far: the way back.
  let cursors = [''];
  let loader = open();

  function open() {
    const query = new URLSearchParams({ limit: SCREEN });
    if (shelf !== '') {
      query.set('shelf', shelf);
    }

    if (cursors.at(-1) !== '') {
      query.set('after', cursors.at(-1));
    }

    return new Loader(`/v1/records?${query}`, redraw);
  }

  function turn(to) {
    const { value } = loader;
    loader.close();
    cursors = to;
    loader = open();
    // The last screen stays until the next one is there.
    loader.value = value;
    redraw();
  }

  return {
    title: 'Records',
    close: () => loader.close(),
    draw: () => [
      heading('Stored records', 'What this node keeps for others and for itself, and until when.'),
      loaded(loader, value => [
        shelves(value.shelves, shelf),
        value.records.length === 0 ? drawEmpty(shelf) : [
          h('div', { class: 'card flush' }, drawTable(value.records)),
          h('nav', { class: 'pager', 'aria-label': 'Screens' },
            button('Back', () => turn(cursors.slice(0, -1)), { isBusy: cursors.length === 1 }),
            h('span', { class: 'quiet' }, `Screen ${number(cursors.length)}`),
            button('On', () => turn([...cursors, value.next]), { isBusy: value.next === null })),
        ],
      ]),
    ],
  };
}

function drawEmpty(shelf) {
  return shelf !== '' ? empty('Nothing lies on this shelf', h('a', { href: '#/records' }, 'All records'), '.')
    : empty('Nothing is stored here yet', 'Records come when others choose this node as one of the nearest to a key. What you put yourself lies with others: see ',
      h('a', { href: '#/publications' }, 'your publications'), '.');
}

/** mainline-mutable: the network's name as people write it, and the rest in words. */
function shelfName(shelf) {
  const [network, ...rest] = plain(shelf, 40).split('-');
  return rest.length === 0 ? network : `${nameOf(network)} ${spaced(rest.join('-'))}`;
}

// A shelf with nothing on it is shown only to who stands before it.
function shelves(list, current) {
  const all = list.reduce((sum, { count }) => sum + count, 0);
  return tabs([
    { href: '#/records', text: 'All', hint: number(all), isCurrent: current === '' },
    ...list.filter(({ shelf, count }) => count > 0 || shelf === current).map(({ shelf, count }) => ({ href: `#/records/${encodeURIComponent(shelf)}`, text: foreign(shelfName(shelf), 40), hint: number(count), isCurrent: shelf === current })),
  ], 'Shelves');
}

function drawTable(rows) {
  return table({
    caption: 'Stored records',
    columns: [
      { name: 'Key', cell: record => h('span', { class: 'with-copy' }, key(record.key, 12), copyButton(record.key, 'the key')) },
      { name: 'Shelf', cell: record => foreign(shelfName(record.shelf), 40) },
      { name: 'Size', look: 'number', cell: record => bytes(record.bytes) },
      { name: 'Version', look: 'number', cell: record => number(record.sequence > 0 ? record.sequence : NaN) },
      { name: 'Expires', look: 'number', cell: record => moment(record.expires) },
      { name: 'Whose', cell: record => (record.isOwn ? h('span', { class: 'pill is-live' }, 'Mine') : h('span', { class: 'quiet' }, 'Others')) },
    ],
    rows,
  });
}
