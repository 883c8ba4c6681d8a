import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';

/** Something that works on a limited number of requests at once. */
export interface Slotted {
  readonly name: string;
  /** Null: it does not say; it decides itself who waits. */
  readonly slots: number | null;
}

export interface Lease<Server extends Slotted> extends Disposable {
  readonly server: Server;
}

interface Waiting<Server extends Slotted> {
  readonly servers: readonly Server[];
  readonly client: string;
  readonly give: (server: Server) => void;
}

/** Requests that may wait in all. */
const MOST_WAITING = 512;
/** Milliseconds for which a server that failed is asked last. */
const GRUDGE = 10_000;

/**
 * Gives requests to servers with a free slot. When none is free they wait; the next slot goes to the client with
 * the fewest requests running, and among equals to whoever waits longest, so that nobody is starved.
 */
export class Admission<Server extends Slotted> {
  readonly #clock: Clock;
  readonly #running = new Map<Server, number>();
  readonly #byClient = new Map<string, number>();
  readonly #failedAt = new Map<Server, number>();
  readonly #waiting: Waiting<Server>[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get waiting(): number {
    return this.#waiting.length;
  }
  running(server: Server): number {
    return this.#running.get(server) ?? 0;
  }

  /** Others are preferred for a while. */
  failed(server: Server): void {
    this.#failedAt.set(server, this.#clock.monotonic());
  }

  /** One of these servers, now or when a slot is free. Throws `chat.busy`, or the signal's reason. */
  async take(servers: readonly Server[], client: string, signal: AbortSignal): Promise<Lease<Server>> {
    signal.throwIfAborted();
    const free = this.#waiting.length === 0 ? this.#best(servers) : undefined;
    if (free) return this.#lease(free, client);
    if (this.#waiting.length >= MOST_WAITING)
      throw new DeckhandError('chat.busy', `All slots are taken, and ${MOST_WAITING} requests wait already.`);
    const { promise, resolve, reject } = Promise.withResolvers<Server>();
    const waiting: Waiting<Server> = { servers, client, give: resolve };
    const leave = (): void => {
      const place = this.#waiting.indexOf(waiting);
      if (place !== -1) this.#waiting.splice(place, 1);
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', leave, { once: true });
    this.#waiting.push(waiting);
    // others may wait for other servers only
    this.#serve();
    try {
      return this.#lease(await promise, client, true);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #best(servers: readonly Server[]): Server | undefined {
    const load = (server: Server): number =>
      server.slots === null ? this.running(server) / 1000 : this.running(server) / server.slots;
    const isFree = (server: Server): boolean => server.slots === null || this.running(server) < server.slots;
    return servers
      .filter(isFree)
      .sort((a, b) => Number(this.#isOut(a)) - Number(this.#isOut(b)) || load(a) - load(b))[0];
  }

  #isOut(server: Server): boolean {
    const at = this.#failedAt.get(server);
    return at !== undefined && this.#clock.monotonic() - at < GRUDGE;
  }

  /** `counted`: it was when the slot was given. */
  #lease(server: Server, client: string, counted = false): Lease<Server> {
    if (!counted) this.#count(server, client, 1);
    let over = false;
    return {
      server,
      [Symbol.dispose]: () => {
        if (over) return;
        over = true;
        this.#count(server, client, -1);
        this.#serve();
      },
    };
  }

  #count(server: Server, client: string, by: 1 | -1): void {
    this.#running.set(server, this.running(server) + by);
    const own = (this.#byClient.get(client) ?? 0) + by;
    if (own === 0) this.#byClient.delete(client);
    else this.#byClient.set(client, own);
  }

  #serve(): void {
    for (;;) {
      const order = this.#waiting
        .map((waiting, place) => ({ waiting, place, own: this.#byClient.get(waiting.client) ?? 0 }))
        .sort((a, b) => a.own - b.own || a.place - b.place);
      const next = order
        .map(({ waiting }) => ({ waiting, server: this.#best(waiting.servers) }))
        .find(({ server }) => server !== undefined);
      if (!next?.server) return;
      this.#waiting.splice(this.#waiting.indexOf(next.waiting), 1);
      this.#count(next.server, next.waiting.client, 1);
      next.waiting.give(next.server);
    }
  }
}
