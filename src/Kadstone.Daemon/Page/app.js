// The page: where it is, what it shows, and whether the daemon is there.
import { keepToken, onUnauthorized } from './lib/api.js';
import { h, show } from './lib/dom.js';
import { EventStream } from './lib/events.js';
import { announce, mark } from './lib/parts.js';
import { state } from './lib/state.js';
import { duration, foreign } from './lib/text.js';
import { buckets } from './views/buckets.js';
import { devnet } from './views/devnet.js';
import { home } from './views/home.js';
import { lookups } from './views/lookups.js';
import { map } from './views/map.js';
import { publications } from './views/publications.js';
import { records } from './views/records.js';
import { locked } from './views/token.js';
import { trace } from './views/trace.js';
import { tryIt } from './views/try.js';

// A view is made from the rest of its address: { title, draw(), close?() }.
const VIEWS = [
  { path: '', name: 'Home', open: home },
  { path: 'map', name: 'Map', open: map },
  { path: 'lookups', name: 'Lookups', open: (rest, redraw) => (rest[0] ? trace(rest[0], redraw) : lookups(rest, redraw)) },
  { path: 'table', name: 'Table', open: buckets },
  { path: 'records', name: 'Records', open: records },
  { path: 'publications', name: 'Publications', open: publications },
  { path: 'try', name: 'Try it', open: tryIt },
  { path: 'devnet', name: 'Devnet', open: devnet, isShown: () => Boolean(state.status?.devnet) },
];

const main = document.getElementById('main');
let view = null;
let isDrawing = false;
let wasRefused = false;
let spoken = null;

const stream = new EventStream('/v1/events', (name, data) => state.take(name, data), link => state.setLink(link));

function addressed() {
  const parts = location.hash.replace(/^#\/?/, '').split('/').filter(part => part !== '').map(decode);
  const entry = VIEWS.find(candidate => candidate.path === (parts[0] ?? '')) ?? VIEWS[0];
  return { entry, rest: parts.slice(1) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function navigate() {
  view?.close?.();
  const { entry, rest } = addressed();
  view = entry.open(rest, redraw);
  document.title = entry.path === '' ? 'Kadstone' : `${view.title ?? entry.name} · Kadstone`;
  redraw();
}

/** Draws before the next frame, once, however often it is asked. */
function redraw() {
  if (!isDrawing) {
    isDrawing = true;
    requestAnimationFrame(draw);
  }
}

function draw() {
  isDrawing = false;
  const { entry, rest } = addressed();
  const isLocked = state.link === 'locked';
  show(document.getElementById('nav'), h('ul', null, VIEWS.filter(item => item.isShown?.() ?? true).map(item =>
    h('li', null, h('a', { href: `#/${item.path}`, 'aria-current': item === entry ? (rest.length ? 'true' : 'page') : null }, item.name)))));
  show(document.getElementById('link'), drawLink());
  show(document.getElementById('foot'), drawFoot());
  show(main,
    state.link === 'lost' ? h('div', { class: 'banner', role: 'alert' }, mark('warn'), 'Not connected to the daemon. What you see is what it said last; the page tries again by itself.') : null,
    h('div', { class: 'view', 'data-key': isLocked ? 'locked' : location.hash || '#/' }, isLocked ? locked(wasRefused, enter) : view.draw()));
}

function drawLink() {
  const [look, words] = { live: ['ok', 'Live'], lost: ['fail', 'Not connected'], locked: ['warn', 'Locked'] }[state.link] ?? ['idle', 'Connecting…'];
  return h('span', { class: `pill is-${look}` }, mark(look), words);
}

function drawFoot() {
  const status = state.status;
  return status === null ? null : h('p', null, 'Kadstone ', foreign(status.version, 40), ' · profile ', foreign(status.profile, 40),
    ` · up ${duration(status.uptimeSeconds)} · store `, foreign(status.store.name ?? status.store.kind, 60));
}

function enter(token) {
  keepToken(token);
  state.setLink('waiting');
  stream.start();
  navigate();
}

onUnauthorized(hadToken => {
  wasRefused = hadToken;
  state.setLink('locked');
});

state.watch(change => {
  const verdict = state.status?.verdict;
  // One contact more or less is nothing to be told of.
  const meaning = verdict && `${verdict.level} ${String(verdict.text).replaceAll(/[0-9]+ /g, '')}`;
  if (change === 'status' && verdict && meaning !== spoken) {
    // The first one is on the screen when the page is opened; who listens is told of changes.
    if (spoken !== null) {
      announce(verdict.text);
    }

    spoken = meaning;
  }

  redraw();
});

document.getElementById('skip').onclick = event => {
  event.preventDefault();
  main.focus();
};
window.addEventListener('hashchange', () => {
  navigate();
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
});
window.addEventListener('resize', redraw);
window.addEventListener('online', () => stream.start());

navigate();
stream.start();
