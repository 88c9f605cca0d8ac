// The furniture of every view.
import { h, s } from './dom.js';
import { count, foreign, number } from './text.js';

export const NETWORKS = { mainline: 'Mainline', hyperswarm: 'Hyperswarm', ipfs: 'IPFS' };
export const nameOf = network => NETWORKS[network] ?? network;

const LEVELS = { ok: 'Good', warn: 'Attention', fail: 'Failing' };

/** A shape beside the word: colour alone says nothing to many. */
export function level(name, word = LEVELS[name] ?? 'Unknown') {
  return h('span', { class: `pill is-${name in LEVELS ? name : 'idle'}` }, mark(name), word);
}

export function mark(name) {
  const shape = {
    ok: () => s('path', { d: 'M3 8.5l3.2 3L13 4.5', class: 'stroke' }),
    warn: () => s('path', { d: 'M8 3v6.5M8 12.4v.6', class: 'stroke' }),
    fail: () => s('path', { d: 'M4 4l8 8M12 4l-8 8', class: 'stroke' }),
  }[name];
  return s('svg', { class: 'mark', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, shape ? shape() : s('circle', { cx: 8, cy: 8, r: 3.5, class: 'dot' }));
}

const STATES = { running: ['live', 'Running'], done: ['ok', 'Done'], failed: ['fail', 'Failed'], cancelled: ['idle', 'Cancelled'] };

export function lookupState(state) {
  const [look, word] = STATES[state] ?? ['idle', 'Unknown'];
  return h('span', { class: `pill is-${look}` }, mark(look), word);
}

export function networkName(network) {
  return h('span', { class: `network of-${network in NETWORKS ? network : 'other'}` }, foreign(nameOf(network), 20));
}

export function heading(title, lead, ...beside) {
  return h('header', { class: 'heading' }, h('div', null, h('h1', null, title), lead ? h('p', { class: 'lead' }, lead) : null), beside);
}

export function card(title, properties, ...children) {
  return h('section', { ...properties, class: `card ${properties?.class ?? ''}`.trim() }, title ? h('h2', null, title) : null, children);
}

/** Figures with their names: facts([['Contacts', '120'], …]). */
export function facts(pairs, look = '') {
  return h('dl', { class: `facts ${look}`.trim() }, pairs.filter(Boolean).map(([name, value, hint]) =>
    h('div', null, h('dt', null, name), h('dd', null, value, hint ? h('small', null, hint) : null))));
}

/** Choices that are addresses of their own: tabs([{ href, text, isCurrent, hint }], 'Networks'). */
export function tabs(items, label) {
  return h('nav', { class: 'tabs', 'aria-label': label }, items.map(item =>
    h('a', { href: item.href, 'aria-current': item.isCurrent ? 'page' : null }, item.text, item.hint === undefined ? null : h('small', null, item.hint))));
}

export function networkTabs(status, current, view) {
  const names = status?.networks.map(network => network.name) ?? [];
  return names.length < 2 ? null : tabs(names.map(name => ({ href: `#/${view}/${encodeURIComponent(name)}`, text: nameOf(name), isCurrent: name === current })), 'Networks');
}

/** The network that an address names, or the first that runs. */
export const chosenNetwork = (status, wanted) => status?.networks.find(network => network.name === wanted)?.name ?? status?.networks[0]?.name ?? null;

/**
 * A table that reads as cards where it is narrow. The roles are said again, since a browser forgets them when the boxes change.
 * columns: [{ name, cell(row), look: 'number' | 'wide' | 'action' }]
 */
export function table({ caption, columns, rows, isCaptionShown = false }) {
  const cells = row => columns.map((column, index) => h(index === 0 ? 'th' : 'td', {
    role: index === 0 ? 'rowheader' : 'cell', scope: index === 0 ? 'row' : null, class: column.look ?? null, 'data-label': column.isSilent ? '' : column.name,
  }, column.cell(row)));
  return h('table', { role: 'table' },
    h('caption', { class: isCaptionShown ? null : 'unseen' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map(column =>
      h('th', { role: 'columnheader', scope: 'col', class: column.look ?? null }, column.isSilent ? h('span', { class: 'unseen' }, column.name) : column.name)))),
    h('tbody', { role: 'rowgroup' }, rows.map(row => h('tr', { role: 'row' }, cells(row)))));
}

/** A drawing's other form, for who cannot see it. */
export function asTable(summary, content) {
  return h('details', { class: 'as-table' }, h('summary', null, summary), content);
}

export function empty(title, ...text) {
  return h('div', { class: 'empty' }, h('p', { class: 'title' }, title), text.length ? h('p', null, text) : null);
}

export function problem(error) {
  return h('p', { class: 'problem', role: 'alert' }, mark('fail'), foreign(error.message, 400));
}

/** What a loader has: what went wrong, what came, or that it is under way. */
export function loaded(loader, draw) {
  const shown = loader.value === null ? (loader.error ? null : h('p', { class: 'waiting' }, 'One moment…')) : draw(loader.value);
  return [loader.error ? problem(loader.error) : null, shown];
}

/** How much of a whole: a bar with its words. */
export function meter(part, whole, words) {
  const share = whole > 0 ? Math.min(1, part / whole) : 0;
  const look = share >= 0.95 ? 'fail' : share >= 0.75 ? 'warn' : 'ok';
  return h('div', { class: `meter is-${look}` },
    s('svg', { viewBox: '0 0 100 4', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      s('rect', { class: 'rail', width: 100, height: 4 }), s('rect', { class: 'fill', width: Math.max(share * 100, part > 0 ? 0.8 : 0).toFixed(1), height: 4 })),
    h('p', null, words ?? `${number(part)} of ${number(whole)}`));
}

export const acknowledged = (yes, asked) => (asked > 0 ? `${number(yes)} of ${count(asked, 'node')}` : 'nobody asked yet');

export function button(text, onclick, { look = '', isBusy = false, type = 'button' } = {}) {
  return h('button', { type, class: look || null, 'aria-disabled': isBusy ? 'true' : null, onclick: isBusy ? null : onclick }, text);
}

/** Copies what cannot be typed. The words are ours, the text is not shown again. */
export function copyButton(text, what) {
  return h('button', {
    type: 'button', class: 'copy', 'aria-label': `Copy ${what}`, title: `Copy ${what}`,
    onclick: event => copy(event.currentTarget, text, what),
  }, s('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' },
    s('rect', { x: 5.5, y: 5.5, width: 8, height: 8, rx: 1.5, class: 'stroke' }), s('path', { d: 'M10.5 3v-.5h-8v8H3', class: 'stroke' })));
}

async function copy(target, text, what) {
  try {
    await navigator.clipboard.writeText(text);
    announce(`Copied ${what}`);
    target.classList.add('is-done');
    setTimeout(() => target.classList.remove('is-done'), 1200);
  } catch {
    announce(`The browser does not let this page copy`);
  }
}

/** Says it to who listens instead of looking. */
export function announce(text) {
  document.getElementById('announcer').textContent = text;
}
