/** A thread for files: calls of the system in turn, which cost a tenth of what they cost through the thread pool. */
import { parentPort } from 'node:worker_threads';
import { bundleFiles } from './bundle-files.ts';
import { hashBlocks } from './hash-blocks.ts';
import { hashFile } from './hash-file.ts';
import { hashGrowing } from './hash-growing.ts';
import { listFiles } from './list-files.ts';
import { packFiles } from './pack-files.ts';
import { type Answer, failureOf, type Order, type Work } from './protocol.ts';
import { unpackFiles } from './unpack-files.ts';

const works = {
  blocks: hashBlocks,
  bundle: bundleFiles,
  growing: hashGrowing,
  hash: hashFile,
  list: listFiles,
  pack: packFiles,
  unpack: unpackFiles,
} as Readonly<Record<string, Work<unknown, unknown>>>;

class Running {
  readonly #id: number;
  #allowed = 0;
  #isStopped = false;
  #wake: (() => void) | undefined;
  readonly #pieces: (Uint8Array | null)[] = [];
  #wakeReader: (() => void) | undefined;

  constructor(id: number) {
    this.#id = id;
  }

  async run(kind: string, input: unknown): Promise<void> {
    try {
      for await (const value of works[kind]?.(input, () => this.#bytes()) ?? []) {
        while (this.#allowed === 0 && !this.#isStopped)
          await new Promise<void>(resolve => (this.#wake = resolve));
        if (this.#isStopped) return;
        this.#allowed -= 1;
        const bytes = (value as { bytes?: unknown } | undefined)?.bytes;
        // a piece of its own memory goes over without a copy
        post(
          { id: this.#id, type: 'item', value },
          bytes instanceof Uint8Array ? [bytes.buffer as ArrayBuffer] : [],
        );
      }
      post({ id: this.#id, type: 'end' });
    } catch (error) {
      post({ id: this.#id, type: 'failed', failure: failureOf(error) });
    }
  }

  more(items: number): void {
    this.#allowed += items;
    this.#wake?.();
  }

  take(bytes: Uint8Array | null): void {
    this.#pieces.push(bytes);
    this.#wakeReader?.();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
    this.#wakeReader?.();
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece === null) return;
      if (this.#isStopped) throw new Error('It was stopped.');
      if (piece === undefined) {
        await new Promise<void>(resolve => (this.#wakeReader = resolve));
        continue;
      }
      yield piece;
      post({ id: this.#id, type: 'taken', bytes: piece.length });
    }
  }
}

function post(answer: Answer, moved: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, [...moved]);
}

const running = new Map<number, Running>();
parentPort?.on('message', (order: Order) => {
  if (order.type === 'start') {
    const started = new Running(order.id);
    running.set(order.id, started);
    void started.run(order.kind, order.input).finally(() => running.delete(order.id));
  } else if (order.type === 'more') running.get(order.id)?.more(order.items);
  else if (order.type === 'bytes') running.get(order.id)?.take(order.bytes);
  else running.get(order.id)?.stop();
});
