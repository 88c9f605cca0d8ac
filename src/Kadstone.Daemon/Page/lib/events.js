// The daemon's live events. EventSource cannot send a token, so the stream is read with fetch, in every case: one way, one behaviour.
import { ApiError, request, textLines } from './api.js';

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 5000;
// A status comes every second; after this long without a byte the line is dead, even if nobody closed it.
const SILENCE = 8000;

/** Reads events for ever: handler(name, data) for each, and state('live' | 'lost' | 'locked') when that changes. */
export class EventStream {
  #pause = FIRST_PAUSE;
  #timer = 0;
  #abort = null;

  constructor(path, onEvent, onState) {
    this.path = path;
    this.onEvent = onEvent;
    this.onState = onState;
  }

  /** Connects now, whatever it was doing. */
  start() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = new AbortController();
    this.#read(this.#abort);
  }

  async #read(abort) {
    let watch = 0;
    const listen = () => {
      clearTimeout(watch);
      watch = setTimeout(() => abort.abort(), SILENCE);
    };
    try {
      listen();
      const response = await request(this.path, { accept: 'text/event-stream', signal: abort.signal });
      for await (const event of events(response.body, listen)) {
        this.#pause = FIRST_PAUSE;
        this.onState('live');
        this.onEvent(event.name, event.data);
      }
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        this.onState('locked');
        return;
      }
    } finally {
      clearTimeout(watch);
    }

    if (this.#abort === abort) {
      this.onState('lost');
      this.#timer = setTimeout(() => this.start(), this.#pause);
      this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
    }
  }
}

async function* events(body, onLine) {
  let name = 'message';
  let data = [];
  for await (const raw of textLines(body)) {
    onLine();
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line === '') {
      if (data.length > 0) {
        yield { name, data: JSON.parse(data.join('\n')) };
      }

      name = 'message';
      data = [];
    } else if (line.startsWith('event:')) {
      name = line.slice(6).trim();
    } else if (line.startsWith('data:')) {
      data.push(line.slice(5));
    }
  }
}
