import { Worker } from 'node:worker_threads';
import type { RawPath } from '../../core/raw-path.ts';

/**
 * Plain JavaScript, run as it stands in a thread of its own: hashing gigabytes there leaves this thread to
 * the connection. Its argument: an id, a path as latin 1 and the bytes to hash from the start (-1 = all).
 */
const PROGRAM = `
const { parentPort } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const { openSync, readSync, closeSync } = require('node:fs');
const buffer = Buffer.allocUnsafe(1024 * 1024);
parentPort.on('message', ({ id, path, length }) => {
  try {
    const file = openSync(Buffer.from(path, 'latin1'), 'r');
    try {
      const hash = createHash('sha256');
      let left = length < 0 ? Infinity : length;
      while (left > 0) {
        const got = readSync(file, buffer, 0, Math.min(buffer.length, left), null);
        if (got === 0) break;
        hash.update(buffer.subarray(0, got));
        left -= got;
      }
      parentPort.postMessage({ id, hash: length >= 0 && left > 0 ? undefined : hash.digest('hex') });
    } finally {
      closeSync(file);
    }
  } catch {
    parentPort.postMessage({ id, hash: undefined });
  }
});
`;

interface Answer {
  readonly id: number;
  readonly hash: string | undefined;
}

/** SHA-256 of files on this machine, one after the other, in a thread of its own. */
export class LocalHash implements AsyncDisposable {
  readonly #waiting = new Map<number, (hash: string | undefined) => void>();
  #worker: Worker | undefined;
  #last = 0;

  /** Undefined: it cannot be read, or is shorter than `length` bytes. Absent length = the whole file. */
  async hash(path: RawPath, length = -1): Promise<string | undefined> {
    this.#worker ??= this.#start();
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<string | undefined>(resolve => this.#waiting.set(id, resolve));
    this.#worker.ref();
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, no window
    this.#worker.postMessage({ id, path, length });
    return await answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker?.terminate();
    this.#giveUp();
  }

  #start(): Worker {
    const worker = new Worker(PROGRAM, { eval: true });
    worker.on('message', ({ id, hash }: Answer) => {
      this.#waiting.get(id)?.(hash);
      this.#waiting.delete(id);
      if (this.#waiting.size === 0) worker.unref();
    });
    worker.on('error', () => {
      this.#worker = undefined;
      this.#giveUp();
    });
    return worker;
  }

  #giveUp(): void {
    for (const resolve of this.#waiting.values()) resolve(undefined);
    this.#waiting.clear();
  }
}
