import type { ServedModelView } from '../core/chat.ts';
import type { Clock } from '../core/clock.ts';
import { Deadline } from '../core/deadline.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import { Admission, type Slotted } from './admission.ts';
import type { ModelDoor } from './door.ts';
import { ModelLists } from './model-lists.ts';
import { speedOf } from './served-models.ts';

/** A server that a question may go to. The same object for as long as it is the same server. */
export interface ModelServer extends Slotted {
  readonly kind: ServedModelView['kind'];
  /** Models it is known to serve before it is asked. */
  readonly promises: readonly string[];
  /** The way to it, with all that must be known first. Throws what keeps it from being reached. */
  door(signal: AbortSignal): Promise<ModelDoor>;
  /** What was known of it, such as its key, may be wrong. */
  forget(): void;
  /** It was removed: it has no model any more, and its ways are closed. */
  readonly isGone?: boolean;
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
  /** The servers as they are now: asked when one of them fails, for it may be gone. */
  readonly again?: () => Promise<readonly ModelServer[]>;
}

type ListedModel = Omit<ServedModelView, 'tokensPerSecond'>;

/** Milliseconds that a list of models counts as known, and that a server has to give it. */
const FRESH = 15_000;
const LIST_LIMIT = 5_000;
/** Milliseconds that it has to tell how fast it is. */
const SPEED_LIMIT = 10_000;
/** Milliseconds that a question waits for the list of a server where no other has the model: its host may be reached first. */
const PATIENCE = 45_000;

/** Items that are held back for as long as another server may still be tried. */
const MOST_EARLY = 1000;

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
  readonly #lists: ModelLists;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#admission = new Admission(clock);
    this.#lists = new ModelLists(clock);
  }

  get waiting(): number {
    return this.#admission.waiting;
  }

  /** What the servers really serve, asked now. */
  async list(servers: readonly ModelServer[], signal: AbortSignal): Promise<readonly ListedModel[]> {
    const views = await Promise.all(
      servers.map(async (server): Promise<readonly ListedModel[]> => {
        const { name, kind } = server;
        const about = (): Pick<ServedModelView, 'server' | 'kind' | 'slots' | 'running'> => ({
          server: name,
          kind,
          slots: server.slots,
          running: this.#admission.running(server),
        });
        try {
          const models = await this.#lists.of(server, signal, { age: 0, limit: LIST_LIMIT });
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

  /** The same, and how fast each server was: two requests more to each, for whoever looks at it. */
  async listWithSpeed(
    servers: readonly ModelServer[],
    signal: AbortSignal,
  ): Promise<readonly ServedModelView[]> {
    const views = await Promise.all(
      servers.map(async (server): Promise<readonly ServedModelView[]> => {
        const listed = await this.list([server], signal);
        const isThere = listed.some(({ error }) => error === null);
        const tokensPerSecond = isThere ? await this.#speed(server, signal) : null;
        return listed.map(each => ({ ...each, tokensPerSecond }));
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
    let { model, servers } = await this.#candidates(question);
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
          if (!committed && early.length < MOST_EARLY && !commits(item)) {
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
        if (server.isGone && committed) throw removedMeanwhile(server, error);
        if (committed || !(server.isGone || error.retryable || WORTH_ANOTHER.includes(error.code)))
          throw error;
        const now = await question.again?.().catch(() => null);
        // it may have been removed a moment ago, or another release serves in its place
        if (now && (server.isGone || !now.includes(server))) {
          ({ model, servers } = await this.#candidates({ ...question, servers: now }));
          if (!servers.includes(server)) continue;
        }
        const again = error.code === 'engine.key-rejected' && !keysRead.has(server);
        server.forget();
        keysRead.add(server);
        if (again) continue;
        this.#admission.failed(server);
        tried.add(server);
        if (!servers.every(each => tried.has(each))) continue;
        if (!server.isGone) throw error;
        throw unknownModel(question.model, namesOf(question.servers));
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
    const failures: DeckhandError[] = [];
    const left = new AbortController();
    const asking = servers.map(async server => {
      if (server.isGone) return;
      const both = AbortSignal.any([signal, left.signal]);
      const list = server.promises.length > 0 ? server.promises : await this.#names(server, both);
      if (list instanceof DeckhandError) failures.push(list);
      else known.set(server, list);
    });
    await this.#untilEnough(asking, () => hasModel(known, model));
    left.abort(new DeckhandError('command.cancelled', 'Another server has the model.'));
    const wanted = model ?? onlyOne(known, failures[0]);
    const found = new Map<ModelServer, string>();
    for (const [server, names] of known) {
      const served = servedAs(server, names, wanted);
      if (served !== undefined) found.set(server, served);
    }
    if (found.size > 0) return { servers: [...found.keys()], model: found };
    throw notFound(wanted, known, failures[0]);
  }

  /** Waits for all; for those that take longer than usual only until `isEnough`. */
  async #untilEnough(asking: readonly Promise<void>[], isEnough: () => boolean): Promise<void> {
    const over = new AbortController();
    const enough = Promise.withResolvers<void>();
    let isLate = false;
    const look = (): void => {
      if (isLate && isEnough()) enough.resolve();
    };
    const passing = async (): Promise<void> => {
      await this.#clock.sleep(LIST_LIMIT, over.signal);
      isLate = true;
      look();
    };
    passing().catch(() => undefined);
    try {
      const all = Promise.all(asking.map(async each => await each.then(look)));
      await Promise.race([all, enough.promise]);
    } finally {
      over.abort();
    }
  }

  /** Null also where it cannot be learnt now: the list is what was asked for. */
  async #speed(server: ModelServer, signal: AbortSignal): Promise<number | null> {
    const late = new DeckhandError('engine.down', `${server.name}: it did not tell its speed in time.`);
    using deadline = new Deadline(this.#clock, SPEED_LIMIT, signal, late);
    try {
      return await speedOf(await server.door(deadline.signal), deadline.signal);
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  /** Given back and not thrown: another server may have the model. */
  async #names(server: ModelServer, signal: AbortSignal): Promise<readonly string[] | DeckhandError> {
    try {
      return (await this.#lists.of(server, signal, { age: FRESH, limit: PATIENCE })).map(({ name }) => name);
    } catch (thrown) {
      signal.throwIfAborted();
      return toDeckhandError(thrown);
    }
  }
}

/** What a server calls the model that is asked for by this name; undefined: it has none of that name. */
function servedAs(
  { name }: Pick<ModelServer, 'name'>,
  names: readonly string[],
  wanted: string,
): string | undefined {
  const own = name === wanted ? names[0] : undefined;
  return names.find(each => each === wanted || `${name}/${each}` === wanted) ?? own;
}

/** `model` undefined: any will do. */
function hasModel(known: ReadonlyMap<ModelServer, readonly string[]>, model: string | undefined): boolean {
  return [...known].some(([server, names]) =>
    model === undefined ? names.length > 0 : servedAs(server, names, model) !== undefined,
  );
}

/** Throws when several could be meant, or there is none. `failure`: why a server could not be asked. */
function onlyOne(
  known: ReadonlyMap<ModelServer, readonly string[]>,
  failure: DeckhandError | undefined,
): string {
  const names = [...new Set([...known.values()].flat())];
  const [only] = names;
  if (names.length === 1 && only !== undefined) return only;
  throw names.length === 0 ? notFound(undefined, known, failure) : unknownModel(undefined, known);
}

/** A server that could not be asked may well have it: then that is the reason. */
function notFound(
  wanted: string | undefined,
  known: ReadonlyMap<ModelServer, readonly string[]>,
  failure: DeckhandError | undefined,
): DeckhandError {
  const unknown = unknownModel(wanted, known);
  if (failure === undefined) return unknown;
  if ([...known.values()].every(names => names.length === 0)) return failure;
  const others = unknown.message.replace(/^No server/, 'No other server');
  return new DeckhandError(failure.code, `${failure.message} ${others}`, {
    cause: failure,
    hint: failure.hint,
    details: { ...unknown.details, ...failure.details },
  });
}

/** What those that are left are known to serve. */
function namesOf(servers: readonly ModelServer[]): ReadonlyMap<ModelServer, readonly string[]> {
  return new Map(servers.filter(({ isGone }) => !isGone).map(server => [server, server.promises]));
}

function removedMeanwhile({ name }: ModelServer, cause: DeckhandError): DeckhandError {
  return new DeckhandError(
    'chat.cut',
    `${name}: the answer broke off: the model was removed, or serves elsewhere now.`,
    {
      cause,
      details: { server: name },
    },
  );
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
