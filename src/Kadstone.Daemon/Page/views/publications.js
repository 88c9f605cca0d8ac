// What this node tells the network again and again, who took it last, and whether a stranger would find it.
import { send } from '../lib/api.js';
import { h } from '../lib/dom.js';
import { Loader } from '../lib/loader.js';
import { acknowledged, announce, button, copyButton, empty, heading, level, loaded, meter, networkName } from '../lib/parts.js';
import { foreign, key, moment, plain } from '../lib/text.js';

export function publications(rest, redraw) {
  const loader = new Loader('/v1/publications', redraw, 5);
  const busy = new Map();

  async function act(id, what, work) {
    busy.set(id, { what });
    redraw();
    try {
      await work();
      busy.delete(id);
      await loader.refresh();
    } catch (error) {
      busy.set(id, { error });
      redraw();
    }
  }

  const check = publication => act(publication.id, 'checking', async () => {
    const outcome = await send('POST', `/v1/publications/${encodeURIComponent(publication.id)}/check`);
    announce(plain(outcome.text));
  });
  const stop = publication => act(publication.id, 'stopping', () => send('DELETE', `/v1/publications/${encodeURIComponent(publication.id)}`));

  return {
    title: 'Publications',
    close: () => loader.close(),
    draw: () => [
      heading('My publications', 'What this node announces and keeps alive, and how many nodes took it the last time.'),
      loaded(loader, value => (value.publications.length === 0
        ? empty('Nothing is published', 'Announce a key or put a value, and keep it: ', h('a', { href: '#/try' }, 'try it'), '.')
        : h('ul', { class: 'publications' }, value.publications.map(publication => h('li', null, draw(publication, busy.get(publication.id), check, stop)))))),
    ],
  };
}

function draw(publication, doing, check, stop) {
  const { acknowledged: yes, asked, check: last } = publication;
  const isBusy = Boolean(doing?.what);
  return h('article', { class: 'card publication' },
    h('div', { class: 'card-head' },
      h('h2', null, key(publication.key, 12), copyButton(publication.key, 'the key')),
      h('p', { class: 'over' }, networkName(publication.network), ' ', foreign(publication.kind, 30))),
    h('div', { class: 'columns' },
      h('div', null,
        asked > 0 ? meterOf(yes, asked) : h('p', { class: 'quiet' }, 'Nobody was asked yet.'),
        h('p', { class: 'quiet' }, publication.lastAt === null ? 'Not told yet' : ['Last ', moment(publication.lastAt)], publication.nextAt === null ? ', not again' : [', again ', moment(publication.nextAt)])),
      h('div', { class: 'check' },
        last === null ? h('p', { class: 'quiet' }, 'Not checked yet: a check looks it up as a stranger would.') : h('p', null, level(last.ok ? 'ok' : 'fail', last.ok ? 'Found' : 'Not found'), ' ', foreign(last.text), ' ', h('span', { class: 'quiet' }, moment(last.at))),
        doing?.error ? h('p', { class: 'problem', role: 'alert' }, foreign(doing.error.message, 300)) : null,
        h('div', { class: 'actions' },
          button(doing?.what === 'checking' ? 'Checking…' : 'Check', () => check(publication), { isBusy }),
          button(doing?.what === 'stopping' ? 'Stopping…' : 'Stop', () => stop(publication), { isBusy, look: 'plain' })))));
}

/** Few acknowledgements are the bad news here, so that the bar's colour runs the other way. */
function meterOf(yes, asked) {
  const bar = meter(yes, asked, `${acknowledged(yes, asked)} took it`);
  bar.setAttribute('class', `meter is-${yes === 0 ? 'fail' : yes * 2 < asked ? 'warn' : 'ok'}`);
  return bar;
}
