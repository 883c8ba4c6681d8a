import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type Endpoint, showEndpoint } from '../../core/endpoint.ts';
import type {
  ExecuteOptions,
  ExecuteResult,
  HostKeyIdentity,
  HostListener,
  HostTerminal,
  SshConnection,
  TerminalOptions,
} from '../connection.ts';
import { forwardError, listensAlready } from '../forward-errors.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import { type Session, SessionGate } from '../session-gate.ts';
import type { ChannelListener, MuxChannel } from './mux-channel.ts';
import { type CommandSurroundings, MuxCommand } from './mux-command.ts';
import { executeOnFiles } from './file-command.ts';
import type { MuxControl } from './mux-control.ts';
import { listenThroughMaster } from './mux-forwards.ts';
import { ChannelRefused, type MuxLink } from './mux-link.ts';
import { lengthPrefixed, uint32 } from './mux-packets.ts';
import { MuxStream } from './mux-stream.ts';
import { MuxTerminalStream, startTerminal, terminalOn } from './mux-terminal.ts';
import { lostError } from './openssh-errors.ts';
import type { MasterFolder, MasterLog } from './openssh-master.ts';

/** Channels between two looks at the size of the log, which says something of each. */
const CHANNELS_PER_TRIM = 2_000;
/** Exit code of a client that could not do what it was to do. */
const CLIENT_FAILED = 255;
/** Milliseconds in which the end of a master shows on all its sockets. */
const LAST_WORDS = 500;

export interface OpensshFacts {
  readonly host: ResolvedHost;
  readonly hostKey: HostKeyIdentity;
  readonly serverVersion: string;
  /** Milliseconds of silence after which ssh gives the server up. */
  readonly silence: number;
}

/** A connection of the `openssh` engine: channels over the control socket of a master of our own. */
export class OpensshConnection implements SshConnection {
  readonly engine = 'openssh';
  readonly closed: Promise<DeckhandError | undefined>;
  readonly #facts: OpensshFacts;
  readonly #link: MuxLink;
  readonly #control: MuxControl;
  readonly #log: MasterLog;
  readonly #clock: Clock;
  readonly #gate: SessionGate;
  readonly #streams = new Set<MuxStream>();
  readonly #listeners = new Map<string, HostListener>();
  #channels = 0;
  /** Where the master's socket is, if it is still there. */
  #folder: MasterFolder | undefined;
  executeOnFiles?: NonNullable<SshConnection['executeOnFiles']>;
  #closing: Promise<void> | undefined;

  /** Owns the link, the control connection and the log from here on. */
  constructor(facts: OpensshFacts, link: MuxLink, control: MuxControl, log: MasterLog, clock: Clock) {
    this.#facts = facts;
    this.#link = link;
    this.#control = control;
    this.#log = log;
    this.#clock = clock;
    this.#gate = new SessionGate(clock, error => error instanceof ChannelRefused);
    this.closed = this.#whenClosed();
  }

  get host(): ResolvedHost {
    return this.#facts.host;
  }
  get hostKey(): HostKeyIdentity {
    return this.#facts.hostKey;
  }
  get serverVersion(): string {
    return this.#facts.serverVersion;
  }

  /** It is the connection's from here on; the master's socket is in it. */
  takeFolder(folder: MasterFolder): void {
    this.#folder = folder;
    this.executeOnFiles = async (command, options) => {
      const result = await executeOnFiles(folder.socket, this.host.name, command, options);
      // a client whose master went says no more than that it failed, and may say so first
      if (result.exitCode === CLIENT_FAILED)
        await Promise.race([this.#link.ended, this.#clock.sleep(LAST_WORDS)]);
      if (result.exitCode !== 0 && this.#link.isOver) throw await this.#lost();
      return result;
    };
  }

  async execute(command: string, options: ExecuteOptions): Promise<ExecuteResult> {
    const running = new MuxCommand(this.#surroundings(), options);
    const session = await this.#enter(running, options.signal);
    void running.channelClosed.then(session.release);
    return await running.run(session.value, command);
  }

  async openSubsystem(name: string, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    const stream = new MuxStream(() => this.#link.isOver);
    const { value: channel, release } = await this.#enter(stream, signal);
    this.#attach(stream, channel, release);
    const granted = await channel.request('subsystem', lengthPrefixed(name));
    if (granted && !signal.aborted) return stream;
    stream.destroy();
    if (signal.aborted) throw this.#cancelled(signal.reason);
    if (this.#link.isOver) throw await this.#lost();
    const { name: host } = this.host;
    throw new DeckhandError('host.unsupported', `${host} has no subsystem ${name}.`, {
      details: { host, subsystem: name },
    });
  }

  async openTerminal(options: TerminalOptions): Promise<HostTerminal> {
    const { signal } = options;
    const stream = new MuxTerminalStream(() => this.#link.isOver);
    const { value: channel, release } = await this.#enter(stream, signal);
    this.#attach(stream, channel, release);
    const terminal = terminalOn(stream, channel);
    try {
      await startTerminal(channel, options, this.host);
      if (!signal.aborted) return terminal;
    } catch (error) {
      stream.destroy();
      if (this.#link.isOver) throw await this.#lost();
      if (!signal.aborted) throw error;
    }
    stream.destroy();
    throw this.#cancelled(signal.reason);
  }

  async openForward(target: Endpoint, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    if (signal.aborted) throw this.#cancelled(signal.reason);
    const stream = new MuxStream(() => this.#link.isOver);
    const [type, extra] = forwardRequest(target);
    try {
      stream.attach(await this.#open(type, stream, signal, extra));
    } catch (error) {
      if (signal.aborted) throw this.#cancelled(error);
      if (this.#link.isOver) throw await this.#lost();
      throw error instanceof ChannelRefused ? forwardError(this.host.name, target, error) : error;
    }
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    return stream;
  }

  async listenOnHost(
    endpoint: Endpoint,
    onConnection: (stream: Duplex) => void,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<HostListener> {
    if (signal.aborted) throw this.#cancelled(signal.reason);
    if (this.#link.isOver) throw await this.#lost();
    // ssh would say yes, and lead everything to the first
    if (this.#listeners.has(showEndpoint(endpoint))) throw listensAlready(this.host.name, endpoint);
    try {
      const listener = await listenThroughMaster(this.#control, this.host.name, endpoint, onConnection);
      const key = showEndpoint(listener.endpoint);
      const close = async (): Promise<void> => {
        this.#listeners.delete(key);
        await listener.close();
      };
      const kept = { endpoint: listener.endpoint, close, [Symbol.asyncDispose]: close };
      this.#listeners.set(key, kept);
      if (!signal.aborted) return kept;
      await close();
    } catch (error) {
      throw this.#link.isOver ? await this.#lost() : error;
    }
    throw this.#cancelled(signal.reason);
  }

  async close(): Promise<void> {
    this.#closing ??= this.#end();
    await this.#closing;
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #end(): Promise<void> {
    if (!this.#link.isOver) await this.#link.endMaster();
    await this.closed;
  }

  async #whenClosed(): Promise<DeckhandError | undefined> {
    await this.#link.ended;
    const reason =
      this.#closing === undefined
        ? lostError(this.host, await this.#log.readTail(), this.#facts.silence)
        : undefined;
    for (const stream of this.#streams) stream.lose(reason ?? this.#closedError());
    this.#control.close();
    for (const listener of this.#listeners.values()) await listener.close();
    await this.#log[Symbol.asyncDispose]();
    await this.#folder?.[Symbol.asyncDispose]();
    return reason;
  }

  #surroundings(): CommandSurroundings {
    return {
      host: this.host.name,
      user: this.host.user,
      clock: this.#clock,
      lost: () => this.#lost(),
      isOver: () => this.#link.isOver,
    };
  }

  #attach(stream: MuxStream, channel: MuxChannel, release: () => void): void {
    stream.attach(channel);
    this.#streams.add(stream);
    stream.once('close', () => {
      this.#streams.delete(stream);
      release();
    });
  }

  async #enter(listener: ChannelListener, signal: AbortSignal): Promise<Session<MuxChannel>> {
    try {
      return await this.#gate.enter(() => this.#open('session', listener, signal), signal);
    } catch (error) {
      if (signal.aborted) throw this.#cancelled(error);
      if (this.#link.isOver) throw await this.#lost();
      if (!(error instanceof ChannelRefused)) throw error;
      const { name } = this.host;
      const message = `${name} refuses a session although none is running on the connection.`;
      throw new DeckhandError('ssh.channel-refused', message, {
        details: { host: name, active: this.#gate.active },
        cause: error,
      });
    }
  }

  /** A channel that opens after its caller gave up is closed at once. */
  async #open(
    type: string,
    listener: ChannelListener,
    signal: AbortSignal,
    extra?: Uint8Array,
  ): Promise<MuxChannel> {
    this.#channels += 1;
    if (this.#channels % CHANNELS_PER_TRIM === 0) void this.#log.trim();
    const opening = this.#link.openChannel(type, listener, extra);
    const stopped = Promise.withResolvers<never>();
    const stop = (): void => stopped.reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await Promise.race([opening, stopped.promise]);
    } catch (error) {
      void opening.then(channel => channel.close()).catch(() => undefined);
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  async #lost(): Promise<DeckhandError> {
    return (await this.closed) ?? this.#closedError();
  }
  #closedError(): DeckhandError {
    return new DeckhandError('ssh.connection-lost', `The connection to ${this.host.name} is closed.`);
  }
  #cancelled(cause: unknown): DeckhandError {
    return new DeckhandError('command.cancelled', `The command on ${this.host.name} was cancelled.`, {
      cause,
    });
  }
}

/** Type and request of the channel that leads to a target (RFC 4254 7.2; OpenSSH's PROTOCOL 2.4). */
function forwardRequest(target: Endpoint): readonly [string, Uint8Array] {
  if ('path' in target) {
    const reserved = Buffer.concat([lengthPrefixed(''), uint32(0)]);
    return ['direct-streamlocal@openssh.com', Buffer.concat([lengthPrefixed(target.path), reserved])];
  }
  const origin = Buffer.concat([lengthPrefixed('127.0.0.1'), uint32(0)]);
  return ['direct-tcpip', Buffer.concat([lengthPrefixed(target.host), uint32(target.port), origin])];
}
