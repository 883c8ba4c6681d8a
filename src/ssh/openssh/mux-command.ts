import type { Clock } from '../../core/clock.ts';
import type { OutputStream } from '../../core/command-run.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { DEFAULT_COLLECT_LIMIT, KILL_AFTER, OVER_WITHIN, typedInput } from '../command-rules.ts';
import type { ExecuteOptions, ExecuteResult } from '../connection.ts';
import { OutputCollector } from '../output-collector.ts';
import type { ChannelExit, ChannelListener, MuxChannel } from './mux-channel.ts';
import { lengthPrefixed, uint32 } from './mux-packets.ts';

/** Terminal modes: none, only the mark of their end. */
const NO_MODES = Uint8Array.of(0);

/** What a command knows of the connection it runs on. */
export interface CommandSurroundings {
  readonly host: string;
  readonly user: string;
  readonly clock: Clock;
  /** Why the connection ended; only asked when it did. */
  readonly lost: () => Promise<DeckhandError>;
  /** The connection is over, not only this channel. */
  readonly isOver: () => boolean;
}

/** Runs one command on its channel, collects its output and says how it ended. */
export class MuxCommand implements ChannelListener {
  /** Settles when the server counts the session no more. */
  readonly channelClosed: Promise<void>;
  readonly #closing = Promise.withResolvers<void>();
  readonly #surroundings: CommandSurroundings;
  readonly #options: ExecuteOptions;
  readonly #startedAt: number;
  readonly #result = Promise.withResolvers<ExecuteResult>();
  readonly #output: Readonly<Record<OutputStream, OutputCollector>>;
  /** Pieces that arrived while the reader was busy, by stream; present while it is. */
  readonly #waiting = new Map<OutputStream, Buffer[]>();
  readonly #timers: NodeJS.Timeout[] = [];
  #channel: MuxChannel | undefined;
  #idle: NodeJS.Timeout | undefined;
  #kill: NodeJS.Timeout | undefined;
  #exit: ChannelExit | undefined;
  #endSeen = false;
  #closed = false;
  #settled = false;

  constructor(surroundings: CommandSurroundings, options: ExecuteOptions) {
    this.#surroundings = surroundings;
    this.#options = options;
    this.#startedAt = surroundings.clock.monotonic();
    this.channelClosed = this.#closing.promise;
    // given up while its channel opens, it is never run, and nobody awaits how it ends
    this.#result.promise.catch(() => undefined);
    const limit = options.collectLimit ?? DEFAULT_COLLECT_LIMIT;
    this.#output = { stdout: new OutputCollector(limit), stderr: new OutputCollector(limit) };
  }

  /** Throws `command.cancelled`, `command.timeout`, `command.idle-timeout`, `ssh.*`, or what the reader threw. */
  async run(channel: MuxChannel, command: string): Promise<ExecuteResult> {
    this.#channel = channel;
    const { signal } = this.#options;
    const cancel = (): void => {
      const { host } = this.#surroundings;
      this.#stop(new DeckhandError('command.cancelled', `The command on ${host} was cancelled.`));
    };
    if (signal.aborted) {
      channel.close();
      cancel();
    } else {
      signal.addEventListener('abort', cancel, { once: true });
      this.#startTimers();
      this.#start(channel, command).catch((error: unknown) => this.#stop(error as Error));
    }
    try {
      return await this.#result.promise;
    } finally {
      signal.removeEventListener('abort', cancel);
      for (const timer of [...this.#timers, this.#idle]) clearTimeout(timer);
    }
  }

  onData(stream: OutputStream, bytes: Buffer): void {
    if (this.#settled) {
      this.#channel?.consume(bytes.length);
      return;
    }
    this.#idle?.refresh();
    this.#output[stream].add(bytes);
    const waiting = this.#waiting.get(stream);
    if (waiting === undefined) this.#pass(stream, bytes);
    else waiting.push(bytes);
  }

  onEnd(): void {
    this.#endSeen = true;
  }

  onExit(exit: ChannelExit): void {
    this.#exit = exit;
  }

  onClose(): void {
    this.#closed = true;
    clearTimeout(this.#kill);
    this.#closing.resolve();
    this.#finishWhenRead();
  }

  async #start(channel: MuxChannel, command: string): Promise<void> {
    const { pty, stdin = new Uint8Array(0) } = this.#options;
    const { host, user } = this.#surroundings;
    if (pty !== undefined) {
      const size = uint32(pty.columns, pty.rows, 0, 0);
      const payload = Buffer.concat([lengthPrefixed(pty.term), size, lengthPrefixed(NO_MODES)]);
      if (!(await channel.request('pty-req', payload))) {
        if (this.#surroundings.isOver() || this.#settled) return;
        throw new DeckhandError('host.unsupported', `${host} gives no terminal (PermitTTY).`, {
          details: { host },
        });
      }
      if (this.#settled) return;
    }
    const granted = channel.request('exec', lengthPrefixed(command));
    this.#sendInput(channel, stdin);
    if ((await granted) || this.#settled || this.#surroundings.isOver()) return;
    throw new DeckhandError('ssh.no-shell', `${host} refuses to run commands for ${user}.`, {
      details: { host },
    });
  }

  /** On a terminal the end of input is a character: closing the channel's input hangs up some servers' terminals. */
  #sendInput(channel: MuxChannel, stdin: Uint8Array | AsyncIterable<Uint8Array>): void {
    if (!(stdin instanceof Uint8Array)) {
      void this.#pump(channel, stdin);
      return;
    }
    const ignore = (): void => undefined;
    if (this.#options.pty === undefined) {
      if (stdin.length > 0) channel.write(stdin, ignore);
      channel.end();
      return;
    }
    channel.write(typedInput(stdin), ignore);
  }

  /** Asks for the next piece when the one before is on its way; stops when the channel ends. */
  async #pump(channel: MuxChannel, stdin: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const piece of stdin) {
        const isGone = await new Promise(resolve => channel.write(piece, error => resolve(Boolean(error))));
        if (isGone || this.#settled) return;
      }
      channel.end();
    } catch (error) {
      this.#stop(error as Error);
    }
  }

  /** A promise from the reader keeps the window shut until it settles, and so stops the server. */
  #pass(stream: OutputStream, bytes: Buffer): void {
    let taken: void | Promise<void> = undefined;
    try {
      taken = this.#options.onOutput?.(stream, bytes);
    } catch (error) {
      this.#stop(error as Error);
    }
    if (taken === undefined) {
      this.#channel?.consume(bytes.length);
      return;
    }
    this.#waiting.set(stream, []);
    void this.#passRest(stream, bytes, taken);
  }

  async #passRest(stream: OutputStream, first: Buffer, taken: Promise<void>): Promise<void> {
    const { onOutput } = this.#options;
    let bytes: Buffer | undefined = first;
    let pending: void | Promise<void> = taken;
    try {
      while (bytes !== undefined) {
        if (pending !== undefined) await pending;
        this.#channel?.consume(bytes.length);
        bytes = this.#waiting.get(stream)?.shift();
        pending = bytes === undefined || this.#settled ? undefined : onOutput?.(stream, bytes);
      }
    } catch (error) {
      this.#stop(error as Error);
    }
    const left = this.#waiting.get(stream) ?? [];
    this.#waiting.delete(stream);
    for (const piece of left) this.#channel?.consume(piece.length);
    this.#finishWhenRead();
  }

  #startTimers(): void {
    const { timeout = 0, idleTimeout = 0 } = this.#options;
    const { host } = this.#surroundings;
    const after = (code: 'command.timeout' | 'command.idle-timeout', what: string, time: number) =>
      setTimeout(() => {
        const message = `The command on ${host} ${what} ${time / 1000} s.`;
        this.#stop(new DeckhandError(code, message, { details: { host, timeout: time } }));
      }, time);
    if (timeout > 0) this.#timers.push(after('command.timeout', 'ran longer than', timeout));
    if (idleTimeout > 0) this.#idle = after('command.idle-timeout', 'printed nothing for', idleTimeout);
  }

  /** The channel is closed and the reader has seen everything. */
  #finishWhenRead(): void {
    if (!this.#closed || this.#waiting.size > 0 || this.#settled) return;
    // Everything was already here when the connection ended: the result stands.
    const isWhole = !this.#surroundings.isOver() || this.#endSeen;
    if (this.#exit !== undefined && isWhole) this.#succeed(this.#exit);
    else if (this.#surroundings.isOver()) void this.#failAsLost();
    else this.#fail(this.#endedEarly());
  }

  async #failAsLost(): Promise<void> {
    this.#fail(await this.#surroundings.lost());
  }

  #endedEarly(): DeckhandError {
    const { host } = this.#surroundings;
    const message = `The channel to ${host} ended before the command did.`;
    return new DeckhandError('ssh.connection-lost', message, { details: { host } });
  }

  #stop(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#abandon();
    void this.#rejectWhenOver(error);
  }

  /** At once, or when the server has ended what was abandoned, where that was asked for; within `OVER_WITHIN`. */
  async #rejectWhenOver(reason: Error): Promise<void> {
    if (this.#options.untilOver === true && this.#channel?.isClosed === false) {
      const late = Promise.withResolvers<void>();
      const timer = setTimeout(late.resolve, OVER_WITHIN);
      await Promise.race([this.channelClosed, late.promise]);
      clearTimeout(timer);
    }
    this.#result.reject(reason);
  }

  /** Best effort to end what nobody listens to any more: TERM, then KILL and close; or only close. */
  #abandon(): void {
    const channel = this.#channel;
    if (channel === undefined || channel.isClosed) return;
    if (this.#options.leaveRunning) {
      channel.close();
      return;
    }
    channel.notify('signal', lengthPrefixed('TERM'));
    this.#kill = setTimeout(() => {
      channel.notify('signal', lengthPrefixed('KILL'));
      channel.close();
    }, KILL_AFTER);
    this.#kill.unref();
  }

  #fail(error: Error): void {
    this.#settled = true;
    this.#result.reject(error);
  }

  #succeed(exit: ChannelExit): void {
    this.#settled = true;
    const { stdout, stderr } = this.#output;
    this.#result.resolve({
      exitCode: exit.code,
      signal: exit.signal,
      stdout: stdout.bytes(),
      stderr: stderr.bytes(),
      stdoutBytes: stdout.total,
      stderrBytes: stderr.total,
      truncated: stdout.truncated || stderr.truncated,
      duration: this.#surroundings.clock.monotonic() - this.#startedAt,
    });
  }
}
