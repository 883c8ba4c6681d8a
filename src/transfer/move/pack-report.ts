import type { RawPath } from '../../core/raw-path.ts';
import type { Entry } from '../tree/entry.ts';
import type { Job } from './job.ts';

export interface Sent {
  readonly entry: Entry;
  readonly hash: string | undefined;
  readonly bytes: number;
}

/** What a stream has carried: all of it when the stream was read to its end. */
export class PackReport {
  /** Those that whoever unpacks does not compare: somebody else has to. */
  readonly unchecked: Sent[] = [];
  readonly failed: { readonly path: RawPath; readonly error: Error }[] = [];
  readonly #job: Job;
  readonly #isChecked: (entry: Entry) => boolean;
  #files = 0;
  #bytes = 0;
  #last: RawPath = '';
  #isInVain = false;

  constructor(job: Job, isChecked: (entry: Entry) => boolean) {
    this.#job = job;
    this.#isChecked = isChecked;
  }

  get files(): number {
    return this.#files;
  }
  get bytes(): number {
    return this.#bytes;
  }

  add(one: Sent): void {
    if (this.#isInVain) return;
    const { entry, bytes } = one;
    this.#files += 1;
    this.#bytes += bytes;
    this.#last = entry.path;
    if (!this.#isChecked(entry)) this.unchecked.push(one);
    this.#job.arrived(bytes, entry.path);
  }

  /** Nothing of it has arrived after all, nor does what is still read for a host that has ended. */
  takeBack(): void {
    this.#isInVain = true;
    this.#job.arrived(-this.#bytes, this.#last);
  }
}
