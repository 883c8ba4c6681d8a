import type { OnOutput } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Frame } from './frame-parser.ts';
import type { OutputCollector } from './output-collector.ts';
import { type Offsets, type RunState, START } from './run-state.ts';

/** Whoever watches the time limits of the run. */
export interface ProgressWatch {
  sawOutput(): void;
  readerBusy(taken: Promise<void>): void;
  setPaused(paused: boolean): void;
}

/** Hands output on, suppressing what the caller saw before, and knows how far it came. */
export class Progress {
  onStarted: ((attached: boolean) => void) | undefined;
  readonly #collector: OutputCollector;
  readonly #onOutput: OnOutput | undefined;
  readonly #seen: Offsets;
  readonly #watch: ProgressWatch | undefined;
  #offsets: Offsets;

  constructor(
    collector: OutputCollector,
    onOutput: OnOutput | undefined,
    seen: Offsets,
    watch?: ProgressWatch,
    from: Offsets = START,
  ) {
    this.#collector = collector;
    this.#onOutput = onOutput;
    this.#seen = seen;
    this.#watch = watch;
    this.#offsets = from;
  }

  /** Where the caller's own view of each stream ends. */
  get offsets(): Offsets {
    return {
      stdout: Math.max(this.#offsets.stdout, this.#seen.stdout),
      stderr: Math.max(this.#offsets.stderr, this.#seen.stderr),
    };
  }

  /** A promise: the caller is not done with these bytes, and wants no more before it is. */
  take(frame: Frame): void | Promise<void> {
    if (frame.kind === 'started') this.onStarted?.(frame.attached);
    if (frame.kind === 'paused') this.#watch?.setPaused(frame.paused);
    if (frame.kind !== 'bytes') return;
    const { stream, offset, bytes } = frame;
    this.#watch?.sawOutput();
    this.#offsets = { ...this.#offsets, [stream]: offset + bytes.length };
    this.#collector.add(stream, bytes);
    const fresh = bytes.subarray(Math.max(0, this.#seen[stream] - offset));
    const taken = fresh.length > 0 ? this.#onOutput?.(stream, fresh) : undefined;
    // A function that returns something else may stand where nothing is returned.
    if (!(taken instanceof Promise)) return;
    this.#watch?.readerBusy(taken);
    return taken;
  }

  /** An end that was announced with more bytes than came is no end. */
  verifyComplete(state: RunState, host: string): void {
    if (state.state !== 'finished') return;
    const { kept } = state;
    if (this.offsets.stdout >= kept.stdout && this.offsets.stderr >= kept.stderr) return;
    throw new DeckhandError(
      'ssh.connection-lost',
      `${host} announced ${kept.stdout} and ${kept.stderr} bytes of output, but only ${this.offsets.stdout} and ${this.offsets.stderr} came.`,
      { details: { host } },
    );
  }
}
