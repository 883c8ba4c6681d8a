import { type Change, DeckhandError } from 'deckhand/client';
import { api, readSession } from './api.ts';
import { pause } from './pause.ts';

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

/** Logs that one connection may watch. */
const MOST_LOGS = 16;

type Listener = (change: Change) => void;
type Items = AsyncIterator<Change>;

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
  /** What takes the connection's place; it has begun already. */
  #successor: { readonly stop: AbortController; readonly items: Items } | null = null;
  #successions = 0;
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
    if (this.#logs.get(task) === 1) {
      if (this.#view.state === 'live') void this.#succeed();
      else this.#reopen();
    }
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

  /**
   * Opens the next connection before the present one is closed. What the present one had on its way is lost with it,
   * so whoever shows something reads it anew after this `hello`, too.
   */
  async #succeed(): Promise<void> {
    const place = (this.#successions += 1);
    const stop = new AbortController();
    const items = api.changes({ signal: stop.signal, logs: this.#watched })[Symbol.asyncIterator]();
    const first = await items.next().catch(() => null);
    const isWanted = place === this.#successions && this.#view.state === 'live' && !document.hidden;
    if (isWanted && first?.done === false) {
      this.#successor = { stop, items };
      this.#connection.abort();
      this.#take(first.value);
    } else {
      stop.abort();
      // the ordinary way finds out what is wrong
      if (isWanted) this.#reopen();
    }
  }

  get #watched(): readonly string[] {
    return [...this.#logs.keys()].slice(-MOST_LOGS);
  }

  async #run(): Promise<void> {
    this.#running = true;
    let rest = FIRST_PAUSE;
    while (!document.hidden && !this.#signedOut) {
      const successor = this.#successor;
      this.#successor = null;
      this.#connection = successor?.stop ?? new AbortController();
      const { signal } = this.#connection;
      let isSilent = false;
      try {
        const items = successor?.items ?? (await this.#open(signal));
        isSilent = await this.#hear(items, signal, () => (rest = FIRST_PAUSE));
      } catch (error) {
        if (error instanceof DeckhandError && error.code === 'api.unauthorised')
          this.#show({ state: 'signed-out' });
      }
      if ((signal.aborted && !isSilent) || this.#signedOut) continue;
      this.#show({ state: this.#view.heardAt === 0 ? 'connecting' : 'reconnecting' });
      await pause(rest, signal);
      rest = Math.min(rest * 2, LONGEST_PAUSE);
    }
    this.#running = false;
    if (document.hidden && !this.#signedOut) this.#show({ state: 'resting' });
  }

  async #open(signal: AbortSignal): Promise<Items> {
    // after a restart of the daemon the session is another one, or none
    if ((await readSession(signal)) === null)
      throw new DeckhandError('api.unauthorised', 'Nobody is signed in.');
    return api.changes({ signal, logs: this.#watched })[Symbol.asyncIterator]();
  }

  /** True: it fell silent. */
  async #hear(items: Items, signal: AbortSignal, heard: () => void): Promise<boolean> {
    while (!signal.aborted) {
      const next = await withinTime(items.next(), LONGEST_SILENCE);
      if (next === null) {
        this.#connection.abort();
        return true;
      }
      // what comes late would be taken after the `hello` of what has its place, and be older
      if (next.done === true || signal.aborted) return false;
      heard();
      this.#take(next.value);
    }
    return false;
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

/** Null when it did not come in time; it is left to itself then. */
async function withinTime<Value>(coming: Promise<Value>, milliseconds: number): Promise<Value | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>(resolve => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

export const live = new Live();
