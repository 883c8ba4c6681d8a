import type { OutputStream } from '../core/command-run.ts';

/** Keeps the first bytes of each stream and counts all of them. */
export class OutputCollector {
  readonly #limit: number;
  readonly #outputLimit: number;
  readonly #pieces: Record<OutputStream, Uint8Array[]> = { stdout: [], stderr: [] };
  readonly #kept: Record<OutputStream, number> = { stdout: 0, stderr: 0 };
  readonly #seen: Record<OutputStream, number> = { stdout: 0, stderr: 0 };

  /** `limit`: bytes of each stream kept here. `outputLimit`: bytes that count as not cut off. */
  constructor(limit: number, outputLimit: number = limit) {
    this.#limit = limit;
    this.#outputLimit = outputLimit;
  }

  add(stream: OutputStream, bytes: Uint8Array): void {
    this.#seen[stream] += bytes.length;
    const room = this.#limit - this.#kept[stream];
    if (room <= 0 || bytes.length === 0) return;
    const part = bytes.slice(0, room);
    this.#pieces[stream].push(part);
    this.#kept[stream] += part.length;
  }

  bytes(stream: OutputStream): Uint8Array {
    return new Uint8Array(Buffer.concat(this.#pieces[stream]));
  }
  seen(stream: OutputStream): number {
    return this.#seen[stream];
  }
  /** What came through within the output limit, kept here or not. */
  passed(stream: OutputStream): number {
    return Math.min(this.#seen[stream], this.#outputLimit);
  }
}
