// What the page knows from the live events. Views read it and are drawn again when it changes.

const HISTORY = 120;
const LOOKUPS = 200;

class State {
  /** 'waiting' until the first event, then 'live', 'lost' or 'locked'. */
  link = 'waiting';
  status = null;
  lookups = new Map();
  #samples = new Map();
  #last = new Map();
  #watchers = new Set();

  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  setLink(link) {
    if (this.link !== link) {
      this.link = link;
      this.#last.clear();
      this.#tell('link');
    }
  }

  take(name, data) {
    if (name === 'status') {
      this.#sample(data);
      this.status = data;
    } else if (name === 'lookup') {
      this.addLookups([data]);
    } else {
      return;
    }

    this.#tell(name);
  }

  addLookups(summaries) {
    for (const summary of summaries) {
      const known = this.lookups.get(summary.id);
      // A list that was asked for earlier must not undo what an event told later.
      if (!known || known.state === 'running' || summary.state !== 'running') {
        this.lookups.set(summary.id, summary);
      }
    }

    if (this.lookups.size > LOOKUPS) {
      this.lookups = new Map(this.recentLookups().slice(0, LOOKUPS).map(summary => [summary.id, summary]));
    }
  }

  /** Newest first. */
  recentLookups() {
    return [...this.lookups.values()].sort((a, b) => Date.parse(b.startedAt) - Date.parse(a.startedAt));
  }

  network(name) {
    return this.status?.networks.find(network => network.name === name) ?? null;
  }

  /** Packets a second of the last two minutes: [{ sent, received }]. */
  trafficOf(name) {
    return this.#samples.get(name) ?? [];
  }

  #sample(status) {
    // The daemon's own clock: an event that came late does not bend the rate.
    const now = status.uptimeSeconds;
    for (const { name, traffic } of status.networks) {
      const last = this.#last.get(name);
      if (last && now === last.now) {
        continue;
      }

      this.#last.set(name, { now, ...traffic });
      // A counter that fell belongs to a daemon that was started again.
      if (last && now > last.now && traffic.sent >= last.sent && traffic.received >= last.received) {
        const seconds = now - last.now;
        const samples = this.#samples.get(name) ?? [];
        samples.push({ sent: (traffic.sent - last.sent) / seconds, received: (traffic.received - last.received) / seconds });
        this.#samples.set(name, samples.slice(-HISTORY));
      }
    }
  }

  #tell(change) {
    for (const watcher of [...this.#watchers]) {
      watcher(change);
    }
  }
}

export const state = new State();
