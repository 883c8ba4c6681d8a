import type { ServedModelView } from '../core/chat.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import { Admission, type Slotted } from './admission.ts';
import type { ModelDoor } from './door.ts';
import { type ServedModel, servedModels } from './served-models.ts';

/** A server that a question may go to. The same object for as long as it is the same server. */
export interface ModelServer extends Slotted {
  readonly kind: ServedModelView['kind'];
  /** Models it is known to serve before it is asked. */
  readonly promises: readonly string[];
  /** The way to it, with all that must be known first. Throws what keeps it from being reached. */
  door(signal: AbortSignal): Promise<ModelDoor>;
  /** What was known of it, such as its key, may be wrong. */
  forget(): void;
}

export interface Routed<Item> {
  readonly servers: readonly ModelServer[];
  /** As it is asked for; absent: the only one there is. */
  readonly model: string | undefined;
  /** Whose requests share. */
  readonly client: string;
  readonly signal: AbortSignal;
  /** What is done at the server that was chosen. */
  readonly open: (door: ModelDoor, model: string) => AsyncIterable<Item>;
  /** True for what cannot be taken back: before it another server may be tried. */
  readonly commits: (item: Item) => boolean;
  readonly onServer?: (server: ModelServer, model: string) => void;
}

/** Milliseconds that a list of models counts as known, and that a server has to give it. */
const FRESH = 15_000;
const LIST_LIMIT = 5_000;

/** What another server may do better, or the same one with a key that is read anew. */
const WORTH_ANOTHER: readonly ErrorCode[] = [
  'engine.key-rejected',
  'engine.failed',
  'chat.cut',
  'chat.stalled',
];

/** Several servers as one: which has the model, who is free, and another one when the first fails early. */
export class ModelPool {
  readonly #clock: Clock;
  readonly #admission: Admission<ModelServer>;
  readonly #lists = new Map<ModelServer, { readonly at: number; readonly models: readonly ServedModel[] }>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#admission = new Admission(clock);
  }

  get waiting(): number {
    return this.#admission.waiting;
  }

  /** What the servers really serve, asked now. */
  async list(servers: readonly ModelServer[], signal: AbortSignal): Promise<readonly ServedModelView[]> {
    const views = await Promise.all(
      servers.map(async (server): Promise<readonly ServedModelView[]> => {
        const { name, kind } = server;
        const about = (): Pick<ServedModelView, 'server' | 'kind' | 'slots' | 'running'> => ({
          server: name,
          kind,
          slots: server.slots,
          running: this.#admission.running(server),
        });
        try {
          const models = await this.#asked(server, signal, 0);
          return models.map(({ name: model, context }) => ({ ...about(), model, context, error: null }));
        } catch (thrown) {
          signal.throwIfAborted();
          const error = toDeckhandError(thrown).toJSON();
          const promised = server.promises.length === 0 ? [null] : server.promises;
          return promised.map(model => ({ ...about(), model, context: null, error }));
        }
      }),
    );
    return views.flat();
  }

  /**
   * Items of the first server that gives any, in a slot of its own. Throws `chat.unknown-model` naming those that
   * are there, `chat.busy`, and what the last server said that was tried.
   */
  async *route<Item>(question: Routed<Item>): AsyncGenerator<Item> {
    const { client, signal, commits } = question;
    const { model, servers } = await this.#candidates(question);
    const tried = new Set<ModelServer>();
    const keysRead = new Set<ModelServer>();
    for (;;) {
      const left = servers.filter(server => !tried.has(server));
      using lease = await this.#admission.take(left, client, signal);
      const { server } = lease;
      question.onServer?.(server, model.get(server) ?? '');
      const early: Item[] = [];
      let committed = false;
      try {
        const door = await server.door(signal);
        for await (const item of question.open(door, model.get(server) ?? '')) {
          if (!committed && !commits(item)) {
            early.push(item);
            continue;
          }
          committed = true;
          yield* early.splice(0);
          yield item;
        }
        yield* early;
        return;
      } catch (thrown) {
        signal.throwIfAborted();
        const error = toDeckhandError(thrown);
        if (committed || !(error.retryable || WORTH_ANOTHER.includes(error.code))) throw error;
        const again = error.code === 'engine.key-rejected' && !keysRead.has(server);
        server.forget();
        keysRead.add(server);
        if (again) continue;
        this.#admission.failed(server);
        tried.add(server);
        if (servers.every(each => tried.has(each))) throw error;
      }
    }
  }

  /** The servers that have it, and what each calls it. */
  async #candidates({
    servers,
    model,
    signal,
  }: Pick<Routed<unknown>, 'servers' | 'model' | 'signal'>): Promise<{
    readonly servers: readonly ModelServer[];
    readonly model: ReadonlyMap<ModelServer, string>;
  }> {
    const known = new Map<ModelServer, readonly string[]>();
    await Promise.all(
      servers.map(async server => {
        const list = server.promises.length > 0 ? server.promises : await this.#names(server, signal);
        known.set(server, list);
      }),
    );
    const wanted = model ?? onlyOne(known);
    const found = new Map<ModelServer, string>();
    for (const [server, names] of known) {
      const name = names.find(each => each === wanted || `${server.name}/${each}` === wanted);
      const own = server.name === wanted ? names[0] : undefined;
      const served = name ?? own;
      if (served !== undefined) found.set(server, served);
    }
    if (found.size > 0) return { servers: [...found.keys()], model: found };
    throw unknownModel(wanted, known);
  }

  async #names(server: ModelServer, signal: AbortSignal): Promise<readonly string[]> {
    try {
      return (await this.#asked(server, signal, FRESH)).map(({ name }) => name);
    } catch {
      signal.throwIfAborted();
      return [];
    }
  }

  async #asked(server: ModelServer, signal: AbortSignal, age: number): Promise<readonly ServedModel[]> {
    const known = this.#lists.get(server);
    if (known && this.#clock.monotonic() - known.at < age) return known.models;
    const late = new AbortController();
    const rest = new AbortController();
    void this.#clock.sleep(LIST_LIMIT, rest.signal).then(
      () => late.abort(new DeckhandError('engine.down', `${server.name}: it did not answer within 5 s.`)),
      () => {},
    );
    try {
      const both = AbortSignal.any([signal, late.signal]);
      const models = await servedModels(await server.door(both), both);
      this.#lists.set(server, { at: this.#clock.monotonic(), models });
      return models;
    } finally {
      rest.abort();
    }
  }
}

/** Throws when several could be meant, or there is none. */
function onlyOne(known: ReadonlyMap<ModelServer, readonly string[]>): string {
  const names = [...new Set([...known.values()].flat())];
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  throw unknownModel(undefined, known);
}

function unknownModel(
  wanted: string | undefined,
  known: ReadonlyMap<ModelServer, readonly string[]>,
): DeckhandError {
  const names = [...new Set([...known.values()].flat())].sort();
  const there =
    names.length === 0 ? 'No model is served by any server that is known' : `There are ${names.join(', ')}`;
  const text = wanted === undefined ? `${there}.` : `No server has a model '${wanted}'. ${there}.`;
  return new DeckhandError('chat.unknown-model', text, {
    details: { models: names, ...(wanted === undefined ? {} : { model: wanted }) },
    ...(wanted === undefined && names.length > 0 ? { hint: 'Say which one.' } : {}),
  });
}
