import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Clock } from '../core/clock.ts';
import { Deadline } from '../core/deadline.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import { chatFault, notAStream } from './chat-fault.ts';
import { ask, type ModelDoor, readText } from './door.ts';
import { sayFarewell } from './farewell.ts';
import { type SseMessage, SseLines } from './sse-lines.ts';
import { Watchdog } from './watchdog.ts';

/** Milliseconds that the phases of an answer may take. */
export interface StreamLimits {
  /** Until the first event, where the server gives no signs of life meanwhile. */
  readonly firstEvent: number;
  /** Between two events, where it gives none. With pings it is three times their interval, in both phases. */
  readonly silence: number;
  /** How long an answer that was cut is looked for again. */
  readonly outage: number;
}

export const STREAM_LIMITS: StreamLimits = { firstEvent: 600_000, silence: 180_000, outage: 300_000 };

export interface StreamCall {
  readonly path: string;
  /** JSON text with `stream: true`. */
  readonly body: string;
  /** Ends the answer, and the work on it at the server. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly limits?: Partial<StreamLimits>;
  /** Called when the answer was cut, and when it goes on. */
  readonly onInterruption?: (what: 'cut' | 'resumed', why: string) => void;
}

/** Milliseconds: pauses between looks for a stream that was cut. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2_000;
const PINGS_MISSED = 3;
const END = '[DONE]';

/**
 * The messages of a streamed answer, without the last one, `[DONE]`. It goes on through outages where the
 * server can, without a byte twice or too few; where it cannot, what breaks off is `chat.cut`. However it ends,
 * the server works on it no longer. Throws what the server answers as `chat.*`, `engine.*`, and what `dial` throws.
 */
export async function* streamMessages(door: ModelDoor, call: StreamCall): AsyncGenerator<string> {
  const stream = new ResumableStream(door, call);
  try {
    yield* stream.messages();
  } finally {
    await stream.leave();
  }
}

/** A time in which not one byte came, however often the connection was back. */
interface Outage {
  /** How many there were when it began. */
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly until: number;
  pause: number;
  isResumed: boolean;
}

class ResumableStream {
  readonly #door: ModelDoor;
  readonly #call: StreamCall;
  readonly #limits: StreamLimits;
  readonly #id = randomUUID();
  readonly #lines = new SseLines();
  #response: IncomingMessage | null = null;
  #outage: Outage | null = null;
  /** The server has it: it must be told when nobody wants it any more. */
  #begun = false;
  #ended = false;
  #sawEvent = false;
  /** The last message named a reason to finish: some servers say nothing after it. */
  #sawFinish = false;

  constructor(door: ModelDoor, call: StreamCall) {
    this.#door = door;
    this.#call = call;
    this.#limits = { ...STREAM_LIMITS, ...call.limits };
  }

  async *messages(): AsyncGenerator<string> {
    let response = await this.#begin();
    for (;;) {
      let cut: unknown;
      try {
        yield* this.#read(response);
        if (this.#ended) return;
        if (this.#sawFinish) return void (this.#ended = true);
        cut = new DeckhandError('chat.cut', `${this.#door.name}: the answer ended in the middle.`);
      } catch (error) {
        this.#call.signal.throwIfAborted();
        if (!(error instanceof Interrupted)) throw error;
        cut = error.why;
      }
      response = await this.#resume(cut);
    }
  }

  async #begin(): Promise<IncomingMessage> {
    const { path, body, signal } = this.#call;
    const headers = this.#door.resumes ? { 'x-conversation-id': this.#id } : {};
    this.#begun = true;
    const late = new AbortController();
    using watches = new DisposableStack();
    const giveUp = (): void => late.abort();
    watches.use(new Watchdog(this.#call.clock, this.#limits.firstEvent, giveUp));
    // until the way is open it is not the server that gives no sign of life: a tunnel may hold the question for a while
    const dial: ModelDoor['dial'] = async dialSignal => {
      const stream = await this.#door.dial(dialSignal);
      watches.use(this.#watch(giveUp));
      return stream;
    };
    let response: IncomingMessage;
    try {
      response = await ask(
        { ...this.#door, dial },
        {
          method: 'POST',
          path,
          body,
          headers: { accept: 'text/event-stream', ...headers },
          signal: AbortSignal.any([signal, late.signal]),
        },
      );
      this.#response = response;
      await this.#expectStream(response);
    } catch (error) {
      signal.throwIfAborted();
      if (late.signal.aborted) throw this.#stalled();
      throw error;
    }
    return response;
  }

  /** Throws what the server says instead of an answer. */
  async #expectStream(response: IncomingMessage): Promise<void> {
    const type = response.headers['content-type'] ?? '';
    if (response.statusCode === 200 && type.startsWith('text/event-stream')) return;
    const text = await readText(this.#door, response, this.#call.signal);
    if (response.statusCode === 200) throw notAStream(this.#door.name, type, text);
    throw chatFault(this.#door.name, response.statusCode ?? 0, text);
  }

  async *#read(response: IncomingMessage): AsyncGenerator<string> {
    let silent = false;
    const watch = (): Watchdog =>
      this.#watch(() => {
        silent = true;
        response.destroy();
      });
    let watchdog = watch();
    const stop = (): void => void response.destroy();
    this.#call.signal.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        watchdog.moved();
        for (const message of this.#lines.push(chunk)) {
          if (!this.#sawEvent) {
            this.#sawEvent = true;
            watchdog[Symbol.dispose]();
            watchdog = watch();
          }
          if (message.text === END) return void (this.#ended = true);
          yield this.#seen(message);
          // whoever reads slowly does not make the server silent
          watchdog.moved();
        }
      }
    } catch (error) {
      if (error instanceof DeckhandError) throw error;
      if (error instanceof RangeError)
        throw new DeckhandError('chat.malformed', `${this.#door.name}: ${error.message}.`, { cause: error });
      throw new Interrupted(silent ? this.#stalled() : error);
    } finally {
      watchdog[Symbol.dispose]();
      this.#call.signal.removeEventListener('abort', stop);
    }
    if (silent) throw new Interrupted(this.#stalled());
  }

  #seen({ field, text }: SseMessage): string {
    if (field === 'error' || /^\s*\{\s*"error"/.test(text)) {
      this.#ended = true;
      throw chatFault(
        this.#door.name,
        500,
        field === 'error' && !text.includes('"error"') ? `{"error":${text}}` : text,
      );
    }
    if (/"finish_reason"\s*:\s*"/.test(text)) this.#sawFinish = true;
    return text;
  }

  #watch(onSilence: () => void): Watchdog {
    const { pingInterval } = this.#door;
    const limit =
      pingInterval === null
        ? this.#sawEvent
          ? this.#limits.silence
          : this.#limits.firstEvent
        : PINGS_MISSED * pingInterval;
    return new Watchdog(this.#call.clock, limit, onSilence);
  }

  #stalled(): DeckhandError {
    const what = this.#sawEvent ? 'the answer stopped' : 'nothing came';
    return new DeckhandError('chat.stalled', `${this.#door.name}: ${what}, without a sign of life.`, {
      details: { server: this.#door.name },
    });
  }

  /** Reads on after the last byte that arrived. Throws `chat.cut`, or `chat.stalled` where nothing can be resumed. */
  async #resume(cut: unknown): Promise<IncomingMessage> {
    const { clock, onInterruption } = this.#call;
    const why = toDeckhandError(cut);
    if (!this.#door.resumes) throw why.code === 'chat.stalled' ? why : this.#cutOff(why.message, cut);
    const { bytes } = this.#lines;
    const before = this.#outage?.bytes === bytes ? this.#outage : null;
    const until = clock.monotonic() + this.#limits.outage;
    const outage = before ?? { bytes, until, pause: FIRST_PAUSE, isResumed: false };
    this.#outage = outage;
    if (before === null) onInterruption?.('cut', why.message);
    // a server that gives it out again and ends it at once is not asked without a rest
    else await this.#rest(outage, cut);
    for (;;) {
      const response = await this.#again(outage.until);
      if (response) {
        if (!outage.isResumed) onInterruption?.('resumed', why.message);
        outage.isResumed = true;
        return response;
      }
      await this.#rest(outage, cut);
    }
  }

  /** Throws `chat.cut` when it lasted too long. */
  async #rest(outage: Outage, cut: unknown): Promise<void> {
    const { clock, signal } = this.#call;
    if (clock.monotonic() >= outage.until)
      throw this.#cutOff(`it could not be reached for ${this.#limits.outage / 1000} s`, cut);
    await clock.sleep(outage.pause, signal);
    outage.pause = Math.min(outage.pause * 2, LONGEST_PAUSE);
  }

  /** Null: not yet. */
  async #again(until: number): Promise<IncomingMessage | null> {
    const { clock, signal } = this.#call;
    const path = `/v1/stream?conv_id=${this.#id}&from=${this.#lines.bytes}`;
    // an answer to this comes at once, or the network is still gone
    const limit = Math.max(Math.min(until - clock.monotonic(), 20_000), 1);
    using deadline = new Deadline(clock, limit, signal);
    try {
      const response = await ask(this.#door, { method: 'GET', path, signal: deadline.signal });
      this.#response = response;
      if (response.statusCode === 200) return response;
      const text = await readText(this.#door, response, deadline.signal);
      if (response.statusCode === 503) return null;
      this.#ended = true;
      throw this.#cutOff(`asked to go on it answered ${response.statusCode}`, text);
    } catch (thrown) {
      signal.throwIfAborted();
      if (deadline.signal.aborted) return null;
      const error = toDeckhandError(thrown);
      if (error.code === 'chat.cut' || !error.retryable) throw error;
      return null;
    }
  }

  #cutOff(reason: string, cause: unknown): DeckhandError {
    return new DeckhandError(
      'chat.cut',
      `${this.#door.name}: the answer broke off after ${this.#lines.bytes} bytes: ${reason.replace(/\.$/, '')}.`,
      { cause, details: { server: this.#door.name, bytes: this.#lines.bytes } },
    );
  }

  /** Lets go of the connection; a server that would go on alone is told to stop. */
  async leave(): Promise<void> {
    this.#response?.destroy();
    if (this.#ended || !this.#begun || !this.#door.resumes) return;
    this.#ended = true;
    await sayFarewell({
      door: this.#door,
      id: this.#id,
      clock: this.#call.clock,
      outage: this.#limits.outage,
    });
  }
}

/** What ended the connection, as opposed to what the server said on it. */
class Interrupted extends Error {
  readonly why: unknown;
  constructor(why: unknown) {
    super('interrupted');
    this.why = why;
  }
}
