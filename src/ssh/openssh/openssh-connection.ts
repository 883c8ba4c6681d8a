import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ExecuteOptions, ExecuteResult, HostKeyIdentity, SshConnection } from '../connection.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import { type Session, SessionGate } from '../session-gate.ts';
import type { ChannelListener, MuxChannel } from './mux-channel.ts';
import { type CommandSurroundings, MuxCommand } from './mux-command.ts';
import { ChannelRefused, type MuxLink } from './mux-link.ts';
import { lengthPrefixed } from './mux-packets.ts';
import { MuxStream } from './mux-stream.ts';
import { lostError } from './openssh-errors.ts';
import type { MasterLog } from './openssh-master.ts';

/** Sessions between two looks at the size of the log. */
const SESSIONS_PER_TRIM = 2_000;

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
  readonly #log: MasterLog;
  readonly #clock: Clock;
  readonly #gate: SessionGate;
  readonly #streams = new Set<MuxStream>();
  #sessions = 0;
  #closing: Promise<void> | undefined;

  /** Owns the link and the log from here on. */
  constructor(facts: OpensshFacts, link: MuxLink, log: MasterLog, clock: Clock) {
    this.#facts = facts;
    this.#link = link;
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

  async execute(command: string, options: ExecuteOptions): Promise<ExecuteResult> {
    const running = new MuxCommand(this.#surroundings(), options);
    const session = await this.#enter(running, options.signal);
    void running.channelClosed.then(session.release);
    return await running.run(session.value, command);
  }

  async openSubsystem(name: string, { signal }: { readonly signal: AbortSignal }): Promise<Duplex> {
    const stream = new MuxStream(() => this.#link.isOver);
    const { value: channel, release } = await this.#enter(stream, signal);
    stream.attach(channel);
    this.#streams.add(stream);
    stream.once('close', () => {
      this.#streams.delete(stream);
      release();
    });
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
    await this.#log[Symbol.asyncDispose]();
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

  async #enter(listener: ChannelListener, signal: AbortSignal): Promise<Session<MuxChannel>> {
    try {
      const session = await this.#gate.enter(() => this.#open(listener, signal), signal);
      this.#sessions += 1;
      if (this.#sessions % SESSIONS_PER_TRIM === 0) void this.#log.trim();
      return session;
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
  async #open(listener: ChannelListener, signal: AbortSignal): Promise<MuxChannel> {
    const opening = this.#link.openSession(listener);
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
