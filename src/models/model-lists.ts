import type { Clock } from '../core/clock.ts';
import { Deadline } from '../core/deadline.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { ModelDoor } from './door.ts';
import { type ServedModel, servedModels } from './served-models.ts';

/** The part of a server that a list is asked of. The same object for as long as it is the same server. */
interface ListingServer {
  readonly name: string;
  door(signal: AbortSignal): Promise<ModelDoor>;
  /** What was known of it, such as its key, may be wrong. */
  forget(): void;
}

interface Asking {
  readonly models: Promise<readonly ServedModel[]>;
  readonly stop: AbortController;
  /** How many wait for it. */
  waiting: number;
}

interface Wanted {
  /** Milliseconds that a list counts as known; 0 = it is asked for now, whatever is known. */
  readonly age: number;
  /** Milliseconds that the server has to give it. */
  readonly limit: number;
}

/** What each server serves. Many questions at once for many servers ask each of them once. */
export class ModelLists {
  readonly #clock: Clock;
  readonly #known = new Map<
    ListingServer,
    { readonly at: number; readonly models: readonly ServedModel[] }
  >();
  readonly #asking = new Map<ListingServer, Asking>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Throws `engine.down` when it takes too long, and what keeps the server from being asked. */
  async of(
    server: ListingServer,
    signal: AbortSignal,
    { age, limit }: Wanted,
  ): Promise<readonly ServedModel[]> {
    const known = this.#known.get(server);
    if (known && this.#clock.monotonic() - known.at < age) return known.models;
    const text = `${server.name}: it did not answer within ${limit / 1000} s.`;
    using deadline = new Deadline(this.#clock, limit, signal, new DeckhandError('engine.down', text));
    return age === 0
      ? await this.#ask(server, deadline.signal)
      : await this.#askTogether(server, deadline.signal);
  }

  async #ask(server: ListingServer, signal: AbortSignal): Promise<readonly ServedModel[]> {
    const models = await listOf(server, signal);
    this.#known.set(server, { at: this.#clock.monotonic(), models });
    return models;
  }

  /** Who comes while it is asked waits for the same answer; it is given up when nobody waits any more. */
  async #askTogether(server: ListingServer, signal: AbortSignal): Promise<readonly ServedModel[]> {
    signal.throwIfAborted();
    const asking = this.#asking.get(server) ?? this.#begin(server);
    asking.waiting += 1;
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([asking.models, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      asking.waiting -= 1;
      if (asking.waiting === 0) this.#end(server, asking);
    }
  }

  #begin(server: ListingServer): Asking {
    const stop = new AbortController();
    const asking = { models: this.#ask(server, stop.signal), stop, waiting: 0 };
    this.#asking.set(server, asking);
    asking.models.catch(() => undefined);
    return asking;
  }

  #end(server: ListingServer, asking: Asking): void {
    if (this.#asking.get(server) === asking) this.#asking.delete(server);
    asking.stop.abort(new DeckhandError('command.cancelled', 'Nobody waits for the list any more.'));
  }
}

/** What a server lists; a key that was refused is read anew, once. */
async function listOf(server: ListingServer, signal: AbortSignal): Promise<readonly ServedModel[]> {
  try {
    return await servedModels(await server.door(signal), signal);
  } catch (thrown) {
    signal.throwIfAborted();
    if (toDeckhandError(thrown).code !== 'engine.key-rejected') throw thrown;
    server.forget();
    return await servedModels(await server.door(signal), signal);
  }
}
