import { Worker } from 'node:worker_threads';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type Answer, type Order, thrownOf, type Work } from './protocol.ts';

/** Threads of one process at most; what is more shares them. */
const MOST = 2;
/** Milliseconds after which a thread without work ends. */
const IDLE = 30_000;
/** Items that may be on their way. */
const AHEAD = 6;
/**
 * MiB of a thread's memory for what is new: without a limit it takes 48, and does not give them back. More than
 * this saves no processor time.
 */
const YOUNG = 24;
/** Bytes that may be on their way to a thread. */
const MOST_BYTES = 4 * 1024 * 1024;

/** One piece of work in a thread. */
export interface Threaded<Item> extends AsyncIterable<Item> {
  /** Gives it bytes; waits while it has more than it can take. Their memory is the thread's from now on. */
  write(bytes: Uint8Array): Promise<void>;
  /** No more bytes come. */
  end(): void;
  stop(): void;
}

/** Begins work in a thread of its own; see `thread-main.ts` for the kinds. */
export function startThreaded<Item>(kind: string, input: unknown): Threaded<Item> {
  const least = threads.toSorted((one, other) => one.load - other.load)[0];
  const thread = least === undefined || (least.load > 0 && threads.length < MOST) ? new FileThread() : least;
  return thread.start<Item>(kind, input);
}

/** Work with one item as its result. */
export async function inThread<Item>(kind: string, input: unknown, signal?: AbortSignal): Promise<Item> {
  for await (const item of itemsOf<Item>(kind, input, signal)) return item;
  throw new DeckhandError('internal.defect', `The work "${kind}" had no result.`);
}

/** Work whose items come as they are taken; throws when it is aborted. */
export async function* itemsOf<Item>(
  kind: string,
  input: unknown,
  signal?: AbortSignal,
): AsyncGenerator<Item> {
  const work = startThreaded<Item>(kind, input);
  const stop = (): void => work.stop();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted) stop();
  try {
    yield* work;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  signal?.throwIfAborted();
}

/** The same in this thread, for what takes less than a thread's beginning. */
export function startHere<Input, Item>(work: Work<Input, Item>, input: Input): Threaded<Item> {
  const pieces: (Uint8Array | null)[] = [];
  let isStopped = false;
  let wake: (() => void) | undefined;
  const give = (piece: Uint8Array | null): void => {
    pieces.push(piece);
    wake?.();
  };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = pieces.shift();
      if (isStopped) throw new Error('It was stopped.');
      if (piece === null) return;
      if (piece === undefined) await new Promise<void>(resolve => (wake = resolve));
      else yield piece;
    }
  }
  async function* items(): AsyncGenerator<Item> {
    yield* work(input, bytes);
  }
  const running = items();
  return {
    write: async piece => give(piece),
    end: () => give(null),
    stop: () => {
      isStopped = true;
      give(null);
    },
    [Symbol.asyncIterator]: () => running,
  };
}

const threads: FileThread[] = [];

class FileThread {
  readonly #worker: Worker;
  readonly #works = new Map<number, ThreadedWork<unknown>>();
  #last = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor() {
    const file = import.meta.url.replace(/file-threads(\.[jt]s)$/, 'thread-main$1');
    this.#worker = new Worker(new URL(file), { resourceLimits: { maxYoungGenerationSizeMb: YOUNG } });
    this.#worker.unref();
    this.#worker.on('message', (answer: Answer) => this.#works.get(answer.id)?.onAnswer(answer));
    this.#worker.on('error', error => this.#gone(error));
    this.#worker.on('exit', () => this.#gone(new Error('A thread for files has ended.')));
    threads.push(this);
  }

  get load(): number {
    return this.#works.size;
  }

  start<Item>(kind: string, input: unknown): Threaded<Item> {
    this.#last += 1;
    const id = this.#last;
    clearTimeout(this.#idle);
    this.#worker.ref();
    const work = new ThreadedWork<Item>(
      (order, moved) => this.#worker.postMessage(order, [...moved]),
      id,
      () => this.#ended(id),
    );
    this.#works.set(id, work);
    work.begin(kind, input);
    return work;
  }

  #ended(id: number): void {
    this.#works.delete(id);
    if (this.#works.size > 0) return;
    this.#worker.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      threads.splice(threads.indexOf(this), 1);
      void this.#worker.terminate();
    }, IDLE).unref();
  }

  #gone(error: Error): void {
    const at = threads.indexOf(this);
    if (at >= 0) threads.splice(at, 1);
    for (const work of this.#works.values()) work.fail(error);
    this.#works.clear();
  }
}

class ThreadedWork<Item> implements Threaded<Item> {
  readonly #post: (order: Order, moved: readonly ArrayBuffer[]) => void;
  readonly #id: number;
  readonly #onEnd: () => void;
  readonly #items: Item[] = [];
  #onTheWay = 0;
  #error: Error | undefined;
  #isOver = false;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;

  constructor(post: (order: Order, moved: readonly ArrayBuffer[]) => void, id: number, onEnd: () => void) {
    this.#post = post;
    this.#id = id;
    this.#onEnd = onEnd;
  }

  begin(kind: string, input: unknown): void {
    this.#post({ id: this.#id, type: 'start', kind, input }, []);
    this.#post({ id: this.#id, type: 'more', items: AHEAD }, []);
  }

  onAnswer(answer: Answer): void {
    if (answer.type === 'item') this.#items.push(answer.value as Item);
    else if (answer.type === 'taken') this.#onTheWay -= answer.bytes;
    else this.#over(answer.type === 'failed' ? thrownOf(answer.failure) : undefined);
    this.#wake();
  }

  fail(error: Error): void {
    this.#over(error);
    this.#wake();
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#isOver) throw this.#error ?? new Error('The work has ended.');
    this.#onTheWay += bytes.length;
    // what lies in memory shared with others has to be copied
    const whole = bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer;
    this.#post({ id: this.#id, type: 'bytes', bytes }, whole ? [bytes.buffer] : []);
    while (this.#onTheWay > MOST_BYTES && !this.#isOver)
      await new Promise<void>(resolve => (this.#wakeWriter = resolve));
    if (this.#error) throw this.#error;
  }

  end(): void {
    if (!this.#isOver) this.#post({ id: this.#id, type: 'bytes', bytes: null }, []);
  }

  stop(): void {
    if (this.#isOver) return;
    this.#post({ id: this.#id, type: 'stop' }, []);
    this.#over(undefined);
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          if (!this.#isOver) this.#post({ id: this.#id, type: 'more', items: 1 }, []);
          yield item;
        } else if (this.#error) throw this.#error;
        else if (this.#isOver) return;
        else await new Promise<void>(resolve => (this.#wakeReader = resolve));
      }
    } finally {
      this.stop();
    }
  }

  #over(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#onEnd();
  }

  #wake(): void {
    this.#wakeReader?.();
    this.#wakeWriter?.();
  }
}
