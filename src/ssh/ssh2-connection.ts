import type { Duplex } from 'node:stream';
import type { ClientChannel, ExecOptions } from 'ssh2';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type {
  ExecuteOptions,
  ExecuteResult,
  HostKeyIdentity,
  HostListener,
  HostTerminal,
  SshConnection,
  TerminalOptions,
} from './connection.ts';
import type { ResolvedHost } from './resolved-host.ts';
import { type Session, SessionGate } from './session-gate.ts';
import { OVER_WITHIN } from './command-rules.ts';
import { abandon, Ssh2Command, whenOver } from './ssh2-command.ts';
import { channelsOf } from './ssh2-internals.ts';
import { Ssh2Forwards } from './ssh2-forwards.ts';
import type { Ssh2Link } from './ssh2-link.ts';
import { Ssh2Stream } from './ssh2-stream.ts';
import { openSsh2Terminal } from './ssh2-terminal.ts';

/** A connection of the `ssh2` engine: the link to the host, and the links of the jump chain under it. */
export class Ssh2Connection implements SshConnection {
  readonly engine = 'ssh2';
  readonly closed: Promise<DeckhandError | undefined>;
  readonly #link: Ssh2Link;
  readonly #hops: readonly Ssh2Link[];
  readonly #clock: Clock;
  readonly #gate: SessionGate;
  readonly #forwards: Ssh2Forwards;

  /** `hops`: first hop first; they are closed with the connection. */
  constructor(link: Ssh2Link, hops: readonly Ssh2Link[], clock: Clock) {
    this.#link = link;
    this.#hops = hops;
    this.#clock = clock;
    this.#gate = new SessionGate(clock, isSessionRefusal);
    this.#forwards = new Ssh2Forwards(link);
    this.closed = this.#whenClosed();
  }

  get host(): ResolvedHost {
    return this.#link.facts.host;
  }
  get hostKey(): HostKeyIdentity {
    return this.#link.facts.hostKey;
  }
  get serverVersion(): string {
    return this.#link.facts.serverVersion;
  }

  async execute(command: string, options: ExecuteOptions): Promise<ExecuteResult> {
    const startedAt = this.#clock.monotonic();
    let running: Promise<ExecuteResult> | undefined;
    const channelClosed = Promise.withResolvers<void>();
    const onOpen = (channel: ClientChannel): void => {
      running = new Ssh2Command(this.#link, channel, options, this.#clock, startedAt).run();
      // Here, not after an await: a short command's channel may close within this very turn.
      channel.once('close', channelClosed.resolve);
      // Awaited below; a failure before that must not count as unhandled.
      running.catch(() => undefined);
    };
    const session = await this.#enter(() => this.#open(command, options, onOpen), options.signal);
    void channelClosed.promise.then(session.release);
    if (running === undefined)
      throw new DeckhandError('internal.defect', 'A session opened without a channel.');
    return running;
  }

  async openSubsystem(name: string, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    const session = await this.#enter(() => this.#openSubsystem(name, signal), signal);
    session.value.once('close', session.release);
    return session.value;
  }

  async openTerminal(options: TerminalOptions): Promise<HostTerminal> {
    const session = await this.#enter(() => openSsh2Terminal(this.#link, options), options.signal);
    session.value.stream.once('close', session.release);
    return session.value;
  }

  openForward(target: Endpoint, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    return this.#forwards.open(target, signal);
  }

  listenOnHost(
    endpoint: Endpoint,
    onConnection: (stream: Duplex) => void,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<HostListener> {
    return this.#forwards.listen(endpoint, onConnection, signal);
  }

  async close(): Promise<void> {
    await this.#link.close();
    for (const hop of this.#hops.toReversed()) await hop.close();
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #whenClosed(): Promise<DeckhandError | undefined> {
    const reason = await this.#link.ended;
    await Promise.all(this.#hops.map(hop => hop.close()));
    return reason;
  }

  async #enter<T>(open: () => Promise<T>, signal: AbortSignal): Promise<Session<T>> {
    try {
      return await this.#gate.enter(open, signal);
    } catch (error) {
      if (signal.aborted) {
        throw new DeckhandError('command.cancelled', `The command on ${this.host.name} was cancelled.`, {
          cause: error,
        });
      }
      throw await this.#explain(error);
    }
  }

  #open(
    command: string,
    options: ExecuteOptions,
    onOpen: (channel: ClientChannel) => void,
  ): Promise<ClientChannel> {
    const { pty, signal, untilOver } = options;
    const request: ExecOptions =
      pty === undefined ? {} : { pty: { cols: pty.columns, rows: pty.rows, term: pty.term } };
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      let late: NodeJS.Timeout | undefined;
      const cancel = (): void => {
        // what was asked for may be running already
        if (untilOver === true) late = setTimeout(stop, OVER_WITHIN);
        else stop();
      };
      signal.addEventListener('abort', cancel, { once: true });
      this.#link.client.exec(command, request, (error, channel) => {
        signal.removeEventListener('abort', cancel);
        clearTimeout(late);
        if (error) {
          reject(error);
        } else if (signal.aborted) {
          abandon(this.#link.client, channel, options);
          whenOver(channel, options, stop);
        } else {
          onOpen(channel);
          resolve(channel);
        }
      });
    });
  }

  #openSubsystem(name: string, signal: AbortSignal): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', stop, { once: true });
      const channels = channelsOf(this.#link.client);
      const before = new Set(channels.ids());
      this.#link.client.subsys(name, (error, channel) => {
        signal.removeEventListener('abort', stop);
        if (error) {
          // The library forgets the channel of a refused subsystem; the server counts it as a session.
          channels.close(own);
          reject(error);
        } else if (signal.aborted) {
          channel.close();
        } else {
          resolve(new Ssh2Stream(this.#link, channel, name === 'sftp'));
        }
      });
      const own = channels.ids().find(id => !before.has(id));
    });
  }

  async #explain(error: unknown): Promise<Error> {
    const { name } = this.host;
    if (this.#link.isOver || isNotConnected(error)) {
      return (
        (await this.#link.ended) ??
        new DeckhandError('ssh.connection-lost', `The connection to ${name} is closed.`)
      );
    }
    const details = { host: name, active: this.#gate.active };
    if (isSessionRefusal(error)) {
      const message = `${name} refuses a session although none is running on the connection.`;
      return new DeckhandError('ssh.channel-refused', message, { details, cause: error });
    }
    const reason = error instanceof Error ? error.message : String(error);
    if (/pseudo-terminal|pty/i.test(reason)) {
      return new DeckhandError('host.unsupported', `${name} gives no terminal (PermitTTY).`, {
        details,
        cause: error,
      });
    }
    const subsystem = /Unable to start subsystem: (.*)/.exec(reason)?.[1];
    if (subsystem !== undefined) {
      const message = `${name} has no subsystem ${subsystem}.`;
      return new DeckhandError('host.unsupported', message, {
        details: { ...details, subsystem },
        cause: error,
      });
    }
    if (/Unable to (?:exec|open shell|start shell)/.test(reason)) {
      return new DeckhandError('ssh.no-shell', `${name} refuses to run commands for ${this.host.user}.`, {
        details,
        cause: error,
      });
    }
    return error instanceof Error ? error : new Error(reason);
  }
}

/** The server answered the opening of a channel with a failure; its reason is a number of RFC 4254. */
function isSessionRefusal(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && typeof error.reason === 'number';
}
function isNotConnected(error: unknown): boolean {
  return error instanceof Error && /^(Not connected|No response from server)$/.test(error.message);
}
