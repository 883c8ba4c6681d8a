import { type Change, DeckhandError } from 'deckhand/client';
import { api, readSession } from './api.ts';

/** `resting`: the page is hidden, nothing is asked. `signed-out`: the session has ended. */
export type LinkState = 'connecting' | 'live' | 'reconnecting' | 'resting' | 'signed-out';

export interface LiveView {
  readonly state: LinkState;
  /** When the daemon was last heard of, milliseconds since the epoch; 0 = never. */
  readonly heardAt: number;
  readonly version: string;
  readonly counts: Readonly<Record<string, number>>;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;
/** The daemon says something every ten seconds. */
const LONGEST_SILENCE = 25_000;

type Listener = (change: Change) => void;

/**
 * The one connection over which this page hears what is different. It comes back by itself, for as long as it
 * takes; after each `hello` whoever shows something reads it anew. While the page is hidden it is closed.
 */
class Live {
  #view: LiveView = { state: 'connecting', heardAt: 0, version: '', counts: {} };
  readonly #viewers = new Set<() => void>();
  readonly #listeners = new Set<Listener>();
  readonly #logs = new Map<string, number>();
  #connection = new AbortController();
  #running = false;

  start(): void {
    document.addEventListener('visibilitychange', () => this.#reopen());
    addEventListener('online', () => this.#reopen());
    void this.#run();
  }

  readonly view = (): LiveView => this.#view;
  readonly onView = (viewer: () => void): (() => void) => {
    this.#viewers.add(viewer);
    return () => this.#viewers.delete(viewer);
  };
  /** Hears every change. Gives what stops it. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
  /** Hears of a log's length as well. Gives what stops it. */
  watchLog(task: string): () => void {
    this.#logs.set(task, (this.#logs.get(task) ?? 0) + 1);
    if (this.#logs.get(task) === 1) this.#reopen();
    return () => {
      const left = (this.#logs.get(task) ?? 1) - 1;
      if (left > 0) this.#logs.set(task, left);
      else this.#logs.delete(task);
    };
  }

  /** Closes what is open; the loop opens it as it now has to be. */
  #reopen(): void {
    this.#connection.abort();
    if (!this.#running) void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    let pause = FIRST_PAUSE;
    while (!document.hidden && !this.#signedOut) {
      this.#connection = new AbortController();
      const { signal } = this.#connection;
      try {
        await this.#hear(signal, () => (pause = FIRST_PAUSE));
      } catch (error) {
        if (error instanceof DeckhandError && error.code === 'api.unauthorised')
          this.#show({ state: 'signed-out' });
      }
      if (signal.aborted || this.#signedOut) continue;
      this.#show({ state: this.#view.heardAt === 0 ? 'connecting' : 'reconnecting' });
      await sleep(pause, signal);
      pause = Math.min(pause * 2, LONGEST_PAUSE);
    }
    this.#running = false;
    if (document.hidden && !this.#signedOut) this.#show({ state: 'resting' });
  }

  async #hear(signal: AbortSignal, heard: () => void): Promise<void> {
    // after a restart of the daemon the session is another one, or none
    if ((await readSession()) === null) throw new DeckhandError('api.unauthorised', 'Nobody is signed in.');
    const silent = new AbortController();
    let timer = setTimeout(() => silent.abort(), LONGEST_SILENCE);
    try {
      const stop = AbortSignal.any([signal, silent.signal]);
      for await (const change of api.changes({ signal: stop, logs: [...this.#logs.keys()].slice(-16) })) {
        clearTimeout(timer);
        timer = setTimeout(() => silent.abort(), LONGEST_SILENCE);
        heard();
        this.#take(change);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  get #signedOut(): boolean {
    return this.#view.state === 'signed-out';
  }

  #take(change: Change): void {
    this.#show({
      state: 'live',
      heardAt: Date.now(),
      ...('counts' in change && { counts: change.counts }),
      ...(change.item === 'hello' && { version: change.version }),
    });
    for (const listener of this.#listeners) listener(change);
  }

  #show(part: Partial<LiveView>): void {
    this.#view = { ...this.#view, ...part };
    for (const viewer of this.#viewers) viewer();
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

export const live = new Live();
