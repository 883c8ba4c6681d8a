import type { RawPath } from '../../core/raw-path.ts';
import type { Job } from './job.ts';
import type { Packed } from './pack.ts';

export interface Sent {
  readonly packed: Packed;
  readonly hash: string | undefined;
  readonly bytes: number;
}

/** What a stream has carried: all of it when the stream was read to its end. */
export class PackReport {
  readonly sent: Sent[] = [];
  readonly failed: { readonly path: RawPath; readonly error: Error }[] = [];
  readonly #job: Job;
  #isInVain = false;

  constructor(job: Job) {
    this.#job = job;
  }

  add(one: Sent): void {
    if (this.#isInVain) return;
    this.sent.push(one);
    this.#job.arrived(one.bytes, one.packed.action.path);
  }

  /** Nothing of it has arrived after all, nor does what is still read for a host that has ended. */
  takeBack(): void {
    this.#isInVain = true;
    for (const { packed, bytes } of this.sent) this.#job.arrived(-bytes, packed.action.path);
  }
}
