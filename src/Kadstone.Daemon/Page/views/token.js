// The daemon asks for a token. It is kept until the tab is closed, and nowhere else.
import { h } from '../lib/dom.js';

export function locked(wasRefused, enter) {
  return h('section', { class: 'card narrow' },
    h('h1', null, 'This daemon asks for its token'),
    h('p', { class: 'lead' }, 'It stands in the file daemon.json of the daemon’s data folder (data/public, or where --data says), behind “token”. This tab keeps it until you close it.'),
    wasRefused ? h('p', { class: 'problem', role: 'alert' }, 'The daemon does not take this token: was it copied whole, and was the daemon started again since? Each start has a new one.') : null,
    h('form', {
      class: 'stack',
      onsubmit: event => {
        event.preventDefault();
        const input = event.currentTarget.querySelector('input');
        const token = input.value.trim();
        input.value = '';
        if (token !== '') {
          enter(token);
        }
      },
    },
    h('label', null, 'Token', h('input', { type: 'password', name: 'token', autocomplete: 'current-password', required: true, spellcheck: 'false' })),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'first' }, 'Open'))));
}
