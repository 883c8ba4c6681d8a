import type { Readable } from 'node:stream';
import type { Client, ClientChannel } from 'ssh2';
import type { Clock } from '../core/clock.ts';
import type { OutputStream } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { DEFAULT_COLLECT_LIMIT, KILL_AFTER, OVER_WITHIN, typedInput } from './command-rules.ts';
import type { ExecuteOptions, ExecuteResult } from './connection.ts';
import { OutputCollector } from './output-collector.ts';
import { sawEndOfOutput, sendSignal, widenWindow } from './ssh2-internals.ts';
import type { Ssh2Link } from './ssh2-link.ts';

/** Collects one command's output on its channel and says how it ended. */
export class Ssh2Command {
  readonly #link: Ssh2Link;
  readonly #channel: ClientChannel;
  readonly #options: ExecuteOptions;
  readonly #clock: Clock;
  readonly #startedAt: number;
  readonly #result = Promise.withResolvers<ExecuteResult>();
  readonly #output: Readonly<Record<OutputStream, OutputCollector>>;
  readonly #timers: NodeJS.Timeout[] = [];
  #idle: NodeJS.Timeout | undefined;
  #exit: { readonly code: number | null; readonly signal: string | null } | undefined;
  #open = 3;
  #settled = false;

  constructor(
    link: Ssh2Link,
    channel: ClientChannel,
    options: ExecuteOptions,
    clock: Clock,
    startedAt: number,
  ) {
    this.#link = link;
    this.#channel = channel;
    this.#options = options;
    this.#clock = clock;
    this.#startedAt = startedAt;
    const limit = options.collectLimit ?? DEFAULT_COLLECT_LIMIT;
    this.#output = { stdout: new OutputCollector(limit), stderr: new OutputCollector(limit) };
  }

  /** Must be called in the same turn in which the channel opened, so that no event is missed. */
  async run(): Promise<ExecuteResult> {
    const { signal, stdin } = this.#options;
    const cancel = (): void =>
      this.#stop(
        new DeckhandError('command.cancelled', `The command on ${this.#link.facts.host.name} was cancelled.`),
      );
    const lost = (): void => this.#onLost();
    this.#listen();
    this.#link.client.once('close', lost);
    signal.addEventListener('abort', cancel, { once: true });
    this.#startTimers();
    if (signal.aborted) cancel();
    else this.#sendInput(stdin ?? new Uint8Array(0));
    try {
      return await this.#result.promise;
    } finally {
      signal.removeEventListener('abort', cancel);
      this.#link.client.off('close', lost);
      for (const timer of [...this.#timers, this.#idle]) clearTimeout(timer);
    }
  }

  /** On a terminal the end of input is a character: closing the channel's input hangs up some servers' terminals. */
  #sendInput(stdin: Uint8Array | AsyncIterable<Uint8Array>): void {
    if (!(stdin instanceof Uint8Array)) {
      void this.#pump(stdin);
      return;
    }
    if (this.#options.pty === undefined) {
      this.#channel.end(Buffer.from(stdin));
      return;
    }
    this.#channel.write(typedInput(stdin));
  }

  async #pump(stdin: AsyncIterable<Uint8Array>): Promise<void> {
    // The library's stream forgets its callbacks when the channel ends.
    const over = this.#result.promise.then(
      () => undefined,
      () => undefined,
    );
    try {
      for await (const piece of stdin) {
        if (this.#settled) return;
        await Promise.race([over, new Promise(resolve => this.#channel.write(piece, resolve))]);
        if (this.#settled) return;
      }
      this.#channel.end();
    } catch (error) {
      this.#stop(error as Error);
    }
  }

  #listen(): void {
    const channel = this.#channel;
    channel.on('error', (error: Error) => this.#fail(error));
    channel.on('exit', (code: number | null, name?: string) => {
      this.#exit = { code, signal: name === undefined ? null : name.replace(/^SIG/, '') };
    });
    channel.on('close', () => this.#ended());
    const more = this.#options.muchOutput === true ? widenWindow(this.#link.client, channel) : undefined;
    this.#read('stdout', channel, more);
    this.#read('stderr', channel.stderr);
  }

  #read(name: OutputStream, stream: Readable, more?: () => void): void {
    stream.on('data', (bytes: Buffer) => {
      if (this.#settled) return;
      more?.();
      this.#idle?.refresh();
      this.#output[name].add(bytes);
      this.#pass(name, stream, bytes);
    });
    stream.on('end', () => this.#ended());
  }

  /** A promise from the reader stops the stream until it settles: the window then stops the server. */
  #pass(name: OutputStream, stream: Readable, bytes: Uint8Array): void {
    try {
      const taken = this.#options.onOutput?.(name, bytes);
      if (taken === undefined) return;
      stream.pause();
      // The result waits for the reader as well, so that whoever awaits it has seen everything.
      this.#open += 1;
      void this.#awaitReader(taken, stream);
    } catch (error) {
      this.#stop(error as Error);
    }
  }

  async #awaitReader(taken: Promise<void>, stream: Readable): Promise<void> {
    try {
      await taken;
    } catch (error) {
      this.#stop(error as Error);
    }
    stream.resume();
    this.#ended();
  }

  #startTimers(): void {
    const { timeout = 0, idleTimeout = 0 } = this.#options;
    const host = this.#link.facts.host.name;
    if (timeout > 0) {
      const stop = (): void =>
        this.#stop(
          new DeckhandError(
            'command.timeout',
            `The command on ${host} ran longer than ${timeout / 1000} s.`,
            {
              details: { host, timeout },
            },
          ),
        );
      this.#timers.push(setTimeout(stop, timeout));
    }
    if (idleTimeout > 0) {
      const stop = (): void =>
        this.#stop(
          new DeckhandError(
            'command.idle-timeout',
            `The command on ${host} printed nothing for ${idleTimeout / 1000} s.`,
            { details: { host, idleTimeout } },
          ),
        );
      this.#idle = setTimeout(stop, idleTimeout);
    }
  }

  /** Channel, stdout, stderr and each piece a reader holds end once; only then is everything read. */
  #ended(): void {
    this.#open -= 1;
    if (this.#open > 0 || this.#settled) return;
    if (this.#exit === undefined) this.#fail(this.#lostError());
    else this.#succeed(this.#exit);
  }

  #onLost(): void {
    // Everything was already here when the connection ended: the result stands.
    if (this.#exit !== undefined && sawEndOfOutput(this.#channel)) return;
    this.#link.ended.then(
      reason => this.#fail(reason ?? this.#lostError()),
      (error: Error) => this.#fail(error),
    );
  }

  #lostError(): DeckhandError {
    const { host } = this.#link.facts;
    return new DeckhandError(
      'ssh.connection-lost',
      `The channel to ${host.name} ended before the command did.`,
      {
        details: { host: host.name },
      },
    );
  }

  #stop(error: Error): void {
    if (this.#settled) return;
    this.#settled = true;
    abandon(this.#link.client, this.#channel, this.#options);
    whenOver(this.#channel, this.#options, () => this.#result.reject(error));
  }

  #fail(error: Error): void {
    this.#settled = true;
    this.#result.reject(error);
  }

  #succeed(exit: { readonly code: number | null; readonly signal: string | null }): void {
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
      duration: this.#clock.monotonic() - this.#startedAt,
    });
  }
}

/** Best effort to end what runs on a channel nobody listens to: TERM, then KILL and close; or only close. */
export function abandon(client: Client, channel: ClientChannel, { leaveRunning }: ExecuteOptions): void {
  channel.resume();
  channel.stderr.resume();
  if (leaveRunning === true) {
    channel.close();
    return;
  }
  sendSignal(client, channel, 'TERM');
  const kill = setTimeout(() => {
    sendSignal(client, channel, 'KILL');
    channel.close();
  }, KILL_AFTER);
  kill.unref();
  channel.once('close', () => clearTimeout(kill));
}

/** Acts when the server has ended what was abandoned, where that was asked for; after `OVER_WITHIN` at the latest. */
export function whenOver(channel: ClientChannel, { untilOver }: ExecuteOptions, act: () => void): void {
  if (untilOver !== true) {
    act();
    return;
  }
  const timer = setTimeout(act, OVER_WITHIN);
  channel.once('close', () => {
    clearTimeout(timer);
    act();
  });
}
