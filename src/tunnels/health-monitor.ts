import type { Clock } from '../core/clock.ts';
import { Deadline } from '../core/deadline.ts';
import { toDeckhandError } from '../core/deckhand-error.ts';
import type { HealthState, LinkState, TunnelStatus } from '../core/tunnel.ts';
import type { HealthProbe, OpenTarget } from './http-probe.ts';
import { type HealthReading, judgeHealth } from './judge-health.ts';

/** Milliseconds a look may take; longer is a wrong answer. */
const PATIENCE = 10_000;
/** Milliseconds between two looks while the target is not there yet, or no more. */
const IMPATIENT = 2_000;

export interface HealthMonitorOptions {
  readonly clock: Clock;
  /** Milliseconds between two looks; 0 = only when asked. */
  readonly interval: number;
  readonly link: () => LinkState;
  readonly open: OpenTarget;
  /** Null: a link that is up is all there is to see. */
  readonly probe: HealthProbe | null;
  readonly onChange: (state: HealthState, text: string) => void;
}

/** Looks at the target again and again, and tells when its state is another one. */
export class HealthMonitor implements AsyncDisposable {
  readonly #options: HealthMonitorOptions;
  readonly #stop = new AbortController();
  #state: HealthState = 'starting';
  #wrongInARow = 0;
  #since: number;
  #latency: number | null = null;
  #text = 'not looked at yet';
  #looking: Promise<void> | null = null;
  #due = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#since = options.clock.now();
    this.#running = this.#run();
  }

  get health(): TunnelStatus['health'] {
    return { state: this.#state, since: this.#since, latency: this.#latency, text: this.#text };
  }

  /** The link changed: what was known of the target is old. */
  linkChanged(): void {
    if (this.#options.link() !== 'up') this.#take(null, null);
    this.#due.abort();
  }

  /** Looks now; several who ask at once share one look. */
  async look(): Promise<TunnelStatus['health']> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    await this.#looking;
    return this.health;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#due.abort();
    await this.#running;
    await this.#looking;
  }

  async #run(): Promise<void> {
    const { clock, interval, link } = this.#options;
    while (!this.#stop.signal.aborted) {
      this.#due = new AbortController();
      if (link() === 'up') await this.look();
      if (this.#stop.signal.aborted) return;
      const isWell = this.#state === 'healthy' || this.#state === 'sleeping';
      const pause = interval === 0 ? 2 ** 30 : isWell ? interval : Math.min(interval, IMPATIENT);
      await clock.sleep(pause, this.#due.signal).catch(() => undefined);
    }
  }

  async #look(): Promise<void> {
    const { clock, probe, open, link } = this.#options;
    if (link() !== 'up') return;
    if (probe === null) {
      this.#take({ answer: 'healthy', text: 'connected' }, null);
      return;
    }
    const began = clock.monotonic();
    using deadline = new Deadline(clock, PATIENCE, this.#stop.signal);
    let reading: HealthReading;
    try {
      reading = await probe(open, deadline.signal);
    } catch (thrown) {
      const error = toDeckhandError(thrown);
      const isRefusal = error.code === 'tunnel.target-refused' || error.code === 'tunnel.forward-denied';
      const text = deadline.signal.aborted ? `no answer within ${PATIENCE / 1000} s` : error.message;
      reading = { answer: isRefusal ? 'refused' : 'wrong', text };
    }
    if (this.#stop.signal.aborted) return;
    const isAnswer = reading.answer !== 'refused';
    this.#take(link() === 'up' ? reading : null, isAnswer ? clock.monotonic() - began : null);
  }

  #take(reading: HealthReading | null, latency: number | null): void {
    const before = { state: this.#state, wrongInARow: this.#wrongInARow };
    const { state, wrongInARow } = judgeHealth(before, this.#options.link(), reading);
    this.#wrongInARow = wrongInARow;
    this.#latency = latency === null ? null : Math.round(latency * 10) / 10;
    this.#text = reading?.text ?? 'no connection to the host';
    if (state === before.state) return;
    this.#state = state;
    this.#since = this.#options.clock.now();
    this.#options.onChange(state, this.#text);
  }
}
