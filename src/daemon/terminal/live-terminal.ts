import type {
  AttachOptions,
  AttachedTerminal,
  TerminalExit,
  TerminalItem,
  TerminalSize,
} from '../../api/terminal-contract.ts';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { HostTerminal, SshConnection } from '../../ssh/connection.ts';
import type { TaskPrompts } from '../../tasks/host-access.ts';
import { ByteRing } from './byte-ring.ts';
import { OpenQuestions } from './open-questions.ts';
import type { Recorder } from './recorder.ts';

/** Bytes of output that are kept for whoever comes back. */
const KEPT = 512 * 1024;
/** Bytes that a reader may be behind before the host is stopped. */
const LAG = 128 * 1024;
/** Bytes that may be typed before the host is there. */
const EARLY = 16 * 1024;
/** Bytes given out at once. */
const PIECE = 32 * 1024;

export interface LiveOptions extends TerminalSize {
  readonly id: string;
  readonly host: string;
  readonly who: string;
  readonly term: string;
  /** Milliseconds that it lives on without anybody; before anybody came, at least `patience`. */
  readonly keep: number;
  readonly patience: number;
  /** Milliseconds without input after which it ends; 0 = never. */
  readonly idle: number;
  readonly clock: Clock;
  readonly recorder: Recorder | null;
  readonly connect: (prompts: TaskPrompts, signal: AbortSignal) => Promise<SshConnection>;
  /** Once, when it has ended. */
  readonly onEnd: (terminal: LiveTerminal) => void;
}

/** Somebody who reads: how far they are. */
interface Reader {
  readonly signal: AbortSignal;
  place: number;
}

/** One terminal on a host, whoever is there to see it. */
export class LiveTerminal {
  readonly options: LiveOptions;
  readonly #ring = new ByteRing(KEPT);
  readonly #over = new AbortController();
  readonly #questions: OpenQuestions;
  #changed = Promise.withResolvers<void>();
  #size: TerminalSize;
  #begun = false;
  #host: HostTerminal | null = null;
  #reader: Reader | null = null;
  #exit: TerminalExit | null = null;
  #lastInput: number;
  #input = 0;
  #early: Buffer = Buffer.alloc(0);

  constructor(options: LiveOptions) {
    this.options = options;
    this.#size = options;
    this.#lastInput = options.clock.monotonic();
    this.#questions = new OpenQuestions({ terminal: options.id, host: options.host }, () => this.#tell());
    void this.#closeWhenLeft(Math.max(options.keep, options.patience));
    if (options.idle > 0) void this.#closeWhenIdle();
  }

  /** Null: it goes on. */
  get exit(): TerminalExit | null {
    return this.#exit;
  }
  /** Bytes that came and went. */
  get traffic(): { readonly input: number; readonly output: number } {
    return { input: this.#input, output: this.#ring.total };
  }

  /** Takes the terminal; who had it before is told. The first one lets it begin. */
  attach({ signal, after = 0 }: AttachOptions): AttachedTerminal {
    const reader: Reader = { signal, place: this.#ring.placeFor(after) };
    this.#reader = reader;
    this.#tell();
    signal.addEventListener('abort', () => this.#leave(reader), { once: true });
    if (!this.#begun) {
      this.#begun = true;
      void this.#begin();
    }
    const mine = (): boolean => this.#reader === reader && !signal.aborted;
    return {
      terminal: this.options.id,
      items: () => this.#items(reader),
      write: async bytes => {
        if (mine()) await this.#write(bytes);
      },
      resize: size => {
        if (mine()) this.resize(size);
      },
      answer: (question, answer) => {
        if (mine()) this.#questions.answer(question, answer);
      },
      close: () => {
        if (mine()) this.hangUp(null);
      },
    };
  }

  resize(size: TerminalSize): void {
    if (size.columns === this.#size.columns && size.rows === this.#size.rows) return;
    this.#size = size;
    this.#host?.resize(size);
    this.options.recorder?.resize(size).catch((error: unknown) => this.hangUp(toDeckhandError(error)));
  }

  /** Ends it, whoever is there; `error`: why. */
  hangUp(error: DeckhandError | null): void {
    this.#finish({ exitCode: null, signal: null, error: error?.toJSON() ?? null });
    this.#host?.stream.destroy();
  }

  async #begin(): Promise<void> {
    const { connect, clock, term } = this.options;
    const { signal } = this.#over;
    try {
      const connection = await connect(
        this.#questions.prompts(() => clock.now()),
        signal,
      );
      const size = this.#size;
      const host = await connection.openTerminal({ ...size, term, signal });
      this.#host = host;
      // somebody who looks for the error is told of it by `ended`
      host.stream.on('error', () => undefined);
      if (this.#exit) host.stream.destroy();
      if (this.#size !== size) host.resize(this.#size);
      if (this.#early.length > 0) void this.#write(this.#early);
      this.#tell();
      await this.#pump(host);
    } catch (thrown) {
      this.hangUp(toDeckhandError(thrown));
    }
  }

  /** What the host prints, into the ring; waits for a reader that is behind. Throws what the recorder throws. */
  async #pump(host: HostTerminal): Promise<void> {
    try {
      // its end is known only after the server's last word: nothing here closes it earlier
      for await (const bytes of host.stream.iterator({ destroyOnReturn: false }))
        await this.#take(bytes as Buffer);
    } catch (error) {
      if (error instanceof DeckhandError && error.code === 'terminal.not-recorded') throw error;
      // the connection: told by what follows
    }
    const { exitCode, signal, reason } = await host.ended;
    this.#finish({ exitCode, signal, error: reason?.toJSON() ?? null });
  }

  async #take(bytes: Buffer): Promise<void> {
    await this.options.recorder?.output(bytes);
    for (let place = 0; place < bytes.length; place += PIECE) {
      // before each piece: what a reader has not seen must not be written over
      while (!this.#exit && this.#isBehind()) await this.#changed.promise;
      this.#ring.add(bytes.subarray(place, place + PIECE));
      this.#tell();
    }
  }

  #isBehind(): boolean {
    return this.#reader !== null && this.#ring.total - this.#reader.place > LAG;
  }

  async *#items(reader: Reader): AsyncGenerator<TerminalItem> {
    const asked = new Set<string>();
    let isOpened = false;
    while (!reader.signal.aborted) {
      const { promise } = this.#changed;
      if (this.#reader !== reader) {
        yield { item: 'replaced' };
        return;
      }
      yield* this.#newQuestions(asked);
      if (this.#host && !isOpened) {
        isOpened = true;
        yield { item: 'opened', from: reader.place, until: this.#ring.total };
      }
      yield* this.#output(reader);
      if (this.#exit && reader.place === this.#ring.total) {
        yield { item: 'ended', exit: this.#exit };
        return;
      }
      await promise;
    }
  }

  *#newQuestions(asked: Set<string>): Generator<TerminalItem> {
    const open = this.#questions.list();
    for (const question of open) {
      if (asked.has(question.id)) continue;
      asked.add(question.id);
      yield { item: 'question', question };
    }
    for (const id of asked) {
      if (open.some(question => question.id === id)) continue;
      asked.delete(id);
      yield { item: 'question-closed', id };
    }
  }

  *#output(reader: Reader): Generator<TerminalItem> {
    while (reader.place < this.#ring.total && this.#reader === reader && !reader.signal.aborted) {
      const bytes = this.#ring.read(reader.place, PIECE);
      // it counts as read when the next piece is asked for
      yield { item: 'output', bytes };
      reader.place += bytes.length;
      this.#tell();
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const host = this.#host;
    this.#lastInput = this.options.clock.monotonic();
    if (!host && this.#early.length + bytes.length <= EARLY)
      this.#early = Buffer.concat([this.#early, bytes]);
    if (!host || host.stream.destroyed) return;
    this.#input += bytes.length;
    await new Promise(resolve => host.stream.write(bytes, resolve));
  }

  #leave(reader: Reader): void {
    if (this.#reader !== reader) return;
    this.#reader = null;
    this.#tell();
    void this.#closeWhenLeft(this.options.keep);
  }

  async #closeWhenLeft(patience: number): Promise<void> {
    const came = new AbortController();
    const both = AbortSignal.any([this.#over.signal, came.signal]);
    const waited = this.options.clock.sleep(patience, both).then(
      () => true,
      () => false,
    );
    while (this.#reader === null && !both.aborted) {
      const { promise } = this.#changed;
      if (await Promise.race([waited, promise.then(() => null)])) {
        const { host, id } = this.options;
        this.hangUp(new DeckhandError('terminal.left', `Nobody came back to ${id} on ${host}.`));
      }
    }
    came.abort();
  }

  async #closeWhenIdle(): Promise<void> {
    const { clock, idle, host } = this.options;
    for (;;) {
      const rest = this.#lastInput + idle - clock.monotonic();
      if (rest <= 0) {
        const text = `Nobody typed on the terminal of ${host} for ${idle / 1000} s.`;
        this.hangUp(new DeckhandError('terminal.idle', text, { details: { host, idle } }));
        return;
      }
      const isOver = await clock.sleep(rest, this.#over.signal).then(
        () => false,
        () => true,
      );
      if (isOver) return;
    }
  }

  #finish(exit: TerminalExit): void {
    if (this.#exit) return;
    this.#exit = exit;
    this.#over.abort();
    this.#questions.close();
    this.#tell();
    this.options.recorder?.close().catch(() => undefined);
    this.options.onEnd(this);
  }

  #tell(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }
}
