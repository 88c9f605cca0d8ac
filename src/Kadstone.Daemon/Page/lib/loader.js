// One answer of the API, kept fresh while a view is open.
import { get } from './api.js';

export class Loader {
  value = null;
  error = null;
  #path;
  #abort = new AbortController();
  #timer = 0;
  #run = 0;

  constructor(path, redraw, everySeconds = 0) {
    this.#path = path;
    this.redraw = redraw;
    this.every = everySeconds * 1000;
    this.refresh();
  }

  async refresh() {
    clearTimeout(this.#timer);
    const run = ++this.#run;
    try {
      const value = await get(this.#path, this.#abort.signal);
      if (run !== this.#run) {
        return;
      }

      this.value = value;
      this.error = null;
    } catch (error) {
      if (this.#abort.signal.aborted || run !== this.#run) {
        return;
      }

      this.error = error instanceof TypeError ? new Error('The daemon does not answer.') : error;
    }

    this.redraw();
    if (this.every > 0) {
      this.#timer = setTimeout(() => this.refresh(), this.every);
    }
  }

  close() {
    clearTimeout(this.#timer);
    this.#abort.abort();
  }
}
