import { readFile } from 'node:fs/promises';
import { type Clock, systemClock } from '../../core/clock.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { tryConnecting } from '../connect-attempts.ts';
import type { ConnectOptions, ConnectStage, SshConnection, SshEngine } from '../connection.ts';
import { Deadline } from '../deadline.ts';
import { handshakeError, jumpError } from '../handshake-error.ts';
import { identifyKey, type KnownKey, parseKnownHosts } from '../known-hosts.ts';
import { resolveHost } from '../resolve-host.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import { MuxControl } from './mux-control.ts';
import { MuxLink } from './mux-link.ts';
import { AskpassServer } from './openssh-askpass.ts';
import { OpensshConnection } from './openssh-connection.ts';
import { connectError, handshakeStage, loginError } from './openssh-errors.ts';
import type { LogFacts, LogStage } from './openssh-log.ts';
import { MasterFolder, MasterLog, startMaster } from './openssh-master.ts';
import {
  hopArguments,
  masterArguments,
  type OptionTimes,
  quickCiphers,
  silenceOf,
} from './openssh-options.ts';
import { PersonAnswers } from './openssh-answers.ts';
import { hasAes } from './processor.ts';

const DEFAULT_CONNECT_TIMEOUT = 15_000;
const DEFAULT_KEEP_ALIVE = 5_000;
const LONGEST_CHAIN = 8;

export interface OpensshEngineOptions {
  readonly clock?: Clock;
  /** From 0 to 1; spreads the attempts of many clients. */
  readonly random?: () => number;
}

/**
 * The engine on the system's `ssh`: a master of our own does everything its configuration can say, and we
 * speak the connection protocol over its control socket.
 */
export function createOpensshEngine(engineOptions: OpensshEngineOptions = {}): SshEngine {
  const clock = engineOptions.clock ?? systemClock;
  const random = engineOptions.random ?? Math.random;
  return {
    name: 'openssh',
    connect: async (host, options): Promise<SshConnection> => {
      const times: OptionTimes = {
        connectTimeout: options.connectTimeout ?? host.connectTimeout ?? DEFAULT_CONNECT_TIMEOUT,
        keepAliveInterval: options.keepAliveInterval ?? DEFAULT_KEEP_ALIVE,
      };
      if (process.platform === 'win32') throw noControlSockets(host);
      try {
        const hops = await resolveHops(host, options, 0);
        using deadline = new Deadline(times.connectTimeout, options.signal);
        const attempt = async (): Promise<SshConnection> =>
          await new Attempt(host, hops, options, times, deadline, clock).run();
        return await tryConnecting(attempt, deadline, { clock, random });
      } catch (error) {
        if (error instanceof DeckhandError) throw error;
        if (!options.signal.aborted) throw toDeckhandError(error);
        throw new DeckhandError('command.cancelled', 'Connecting was cancelled.', { cause: error });
      }
    },
  };
}

function noControlSockets(host: ResolvedHost): DeckhandError {
  const message = `${host.name} needs the system's own ssh client, which has no control sockets on Windows.`;
  return new DeckhandError('ssh.unsupported-configuration', message, { details: { host: host.name } });
}

export const opensshEngine: SshEngine = createOpensshEngine();

/** The whole way, first hop first. Only the first hop of a chain follows its own jump configuration. */
async function resolveHops(
  host: ResolvedHost,
  options: ConnectOptions,
  depth: number,
): Promise<readonly ResolvedHost[]> {
  const resolve = options.resolve ?? ((name, signal) => resolveHost(name, { signal }));
  const hops: ResolvedHost[] = [];
  for (const [index, name] of host.proxyJump.entries()) {
    if (depth + hops.length >= LONGEST_CHAIN) {
      const message = `The jump chain of ${host.name} is longer than ${LONGEST_CHAIN}.`;
      throw new DeckhandError('settings.invalid', message);
    }
    const hop = await resolve(name, options.signal).catch((error: unknown) => {
      if (options.signal.aborted) throw error;
      throw jumpError(host, name, toDeckhandError(error));
    });
    if (index === 0) hops.push(...(await resolveHops(hop, options, depth + 1)));
    hops.push(hop);
  }
  return hops;
}

/** One try to connect, with a folder of its own. */
class Attempt {
  readonly #host: ResolvedHost;
  readonly #hops: readonly ResolvedHost[];
  readonly #options: ConnectOptions;
  readonly #times: OptionTimes;
  readonly #deadline: Deadline;
  readonly #clock: Clock;
  readonly #gaveUp = new AbortController();
  /** Whose question nobody could answer: a hop's, or the target's (null). */
  #unansweredBy: number | null = null;
  #stagesTold = 0;

  constructor(
    host: ResolvedHost,
    hops: readonly ResolvedHost[],
    options: ConnectOptions,
    times: OptionTimes,
    deadline: Deadline,
    clock: Clock,
  ) {
    this.#host = host;
    this.#hops = hops;
    this.#options = options;
    this.#times = times;
    this.#deadline = deadline;
    this.#clock = clock;
  }

  async run(): Promise<SshConnection> {
    await using stack = new AsyncDisposableStack();
    const folder = stack.use(await MasterFolder.create());
    const connection = await this.#connect(folder);
    // Nothing of it is needed once we hold the control socket and the log, so nothing can be left behind.
    if (this.#options.forFiles !== true) return connection;
    connection.takeFolder(folder);
    stack.move();
    await folder.keepSocket().catch(() => undefined);
    await MasterFolder.removeForgotten(this.#clock.now());
    return connection;
  }

  async #connect(folder: MasterFolder): Promise<OpensshConnection> {
    const signal = AbortSignal.any([this.#deadline.signal, this.#gaveUp.signal]);
    const answers = new PersonAnswers({
      host: this.#host,
      hops: this.#hops,
      prompts: this.#options.credentials ?? {},
      hostKeys: this.#options.hostKeys,
      hold: work => this.#deadline.hold(work),
      readLog: hop => folder.readLog(hop),
      giveUp: hop => this.#giveUp(hop),
    });
    await using askpass = await AskpassServer.start(folder.path, answers.answer);
    const words = masterArguments(
      this.#host,
      this.#times,
      {
        socket: folder.socket,
        log: folder.log(null),
        hopCommand: await this.#writeHops(folder),
      },
      {
        password: answers.canLogIn,
        ciphers: isForMuch(this.#options) ? quickCiphers(this.#host, hasAes()) : undefined,
      },
    );
    let stderr = '';
    try {
      const end = await startMaster(folder, {
        words,
        environment: askpass.environment,
        signal,
        onLog: () => void this.#tellStages(folder),
      });
      if (end.isReady) return await this.#take(folder, signal);
      stderr = end.stderr;
    } catch (error) {
      if (error instanceof DeckhandError) throw error;
      if (this.#deadline.expired) throw await this.#timeout(folder);
      if (!this.#gaveUp.signal.aborted || this.#deadline.signal.aborted) throw error;
    }
    throw await this.#explain(folder, answers, stderr);
  }

  #giveUp(hop: number | null): void {
    this.#unansweredBy = hop;
    this.#gaveUp.abort();
  }

  /** Scripts that carry the connection past the hops; the last one is the target's ProxyCommand. */
  async #writeHops(folder: MasterFolder): Promise<string | null> {
    let command: string | null = null;
    for (const [index, hop] of this.#hops.entries()) {
      const next = this.#hops[index + 1] ?? this.#host;
      const destination = `[${next.address}]:${next.port}`;
      const files = { log: folder.log(index), hopCommand: command };
      const words = ['ssh', ...hopArguments(hop, this.#times, files, destination)];
      command = await folder.writeScript(`hop-${index}`, `DECKHAND_ASKPASS_HOP=${index}`, words);
    }
    return command;
  }

  async #take(folder: MasterFolder, signal: AbortSignal): Promise<OpensshConnection> {
    const log = await folder.readLog(null);
    const link = await this.#openLink(folder, signal);
    const { hostKey, serverVersion } = log;
    if (hostKey === null || serverVersion === null) {
      await link.endMaster();
      throw new DeckhandError('internal.defect', 'ssh connected without saying which host key it saw.');
    }
    const control = await this.#openControl(folder, link, signal);
    const masterLog = await MasterLog.open(folder);
    this.#tell(log.stage);
    const facts = { host: this.#host, hostKey, serverVersion, silence: silenceOf(this.#times) };
    return new OpensshConnection(facts, link, control, masterLog, this.#clock);
  }

  /** Should this fail, the master ends by itself: nobody holds its socket. */
  async #openLink(folder: MasterFolder, signal: AbortSignal): Promise<MuxLink> {
    try {
      return await MuxLink.open(folder.socket, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      const message = `ssh is connected to ${this.#host.name}, but gives no channels: ${String(error)}.`;
      throw new DeckhandError('ssh.unsupported-configuration', message, { cause: error });
    }
  }

  async #openControl(folder: MasterFolder, link: MuxLink, signal: AbortSignal): Promise<MuxControl> {
    try {
      return await MuxControl.open(folder.socket, signal);
    } catch (error) {
      await link.endMaster();
      throw error;
    }
  }

  async #tellStages(folder: MasterFolder): Promise<void> {
    if (this.#options.onStage === undefined) return;
    this.#tell((await folder.readLog(null)).stage);
  }

  #tell(stage: LogStage): void {
    const passed = STAGES.filter(([log]) => ORDER.indexOf(stage) >= ORDER.indexOf(log));
    for (const [, told] of passed.slice(this.#stagesTold)) this.#options.onStage?.(told);
    this.#stagesTold = Math.max(this.#stagesTold, passed.length);
  }

  async #timeout(folder: MasterFolder): Promise<DeckhandError> {
    const log = await folder.readLog(null);
    const stage = log.stage === 'dialling' ? 'dialling' : handshakeStage(log);
    return (await this.#hopError(folder, true)) ?? handshakeError(this.#host, { kind: 'timeout', stage });
  }

  async #explain(folder: MasterFolder, answers: PersonAnswers, stderr: string): Promise<DeckhandError> {
    const log = await folder.readLog(null);
    this.#tell(log.stage);
    if (this.#gaveUp.signal.aborted) return await this.#unanswered(folder, answers);
    const blocked = log.serverVersion === null ? await this.#hopError(folder, false, answers) : null;
    if (blocked !== null) return blocked;
    const known = await knownKeysAt(log.offending);
    return connectError(this.#host, log, { known, stderr, ...answers.given(null) });
  }

  async #unanswered(folder: MasterFolder, answers: PersonAnswers): Promise<DeckhandError> {
    const index = this.#unansweredBy;
    const hop = index === null ? undefined : this.#hops[index];
    const error = loginError(hop ?? this.#host, await folder.readLog(index), answers.given(index));
    return hop === undefined ? error : jumpError(this.#host, hop.name, error);
  }

  /** The first hop that was not passed, and why. */
  async #hopError(
    folder: MasterFolder,
    isTimeout: boolean,
    answers?: PersonAnswers,
  ): Promise<DeckhandError | null> {
    for (const [index, hop] of this.#hops.entries()) {
      const log = await folder.readLog(index);
      if (log.stage !== 'authenticated') {
        const stage = log.stage === 'dialling' ? 'dialling' : handshakeStage(log);
        const given = answers?.given(index) ?? { answered: [], locked: new Map<string, 'nobody'>() };
        const cause = isTimeout
          ? handshakeError(hop, { kind: 'timeout', stage })
          : connectError(hop, log, { known: await knownKeysAt(log.offending), stderr: '', ...given });
        return jumpError(this.#host, hop.name, cause);
      }
      const refusal = log.complaints.findLast(line => /open failed|forwarding failed/.test(line));
      if (refusal !== undefined) return this.#unreachable(hop, this.#hops[index + 1] ?? this.#host, refusal);
    }
    return null;
  }

  #unreachable(hop: ResolvedHost, next: ResolvedHost, refusal: string): DeckhandError {
    const message = `${hop.name} cannot open a connection to ${next.address}:${next.port}: ${refusal}`;
    const details = { host: next.name, address: next.address, port: next.port };
    return jumpError(this.#host, hop.name, new DeckhandError('ssh.unreachable', message, { details }));
  }
}

function isForMuch({ forFiles, forForwards }: ConnectOptions): boolean {
  return forFiles === true || forForwards === true;
}

const ORDER: readonly LogStage[] = [
  'dialling',
  'greeting',
  'key-exchange',
  'authentication',
  'authenticated',
];
const STAGES: readonly (readonly [LogStage, ConnectStage])[] = [
  ['key-exchange', 'reachable'],
  ['authentication', 'host-key'],
  ['authenticated', 'authenticated'],
];

/** The keys on lines of known_hosts that ssh named. */
async function knownKeysAt(places: LogFacts['offending']): Promise<KnownKey[]> {
  const found = await Promise.all(
    places.map(async ({ file, line }) => {
      const text = await readFile(file, 'utf8').catch(() => '');
      return parseKnownHosts(text, file).filter(entry => entry.line === line);
    }),
  );
  return found
    .flat()
    .map(({ key, file, line }) => ({ ...identifyKey(Buffer.from(key, 'base64')), file, line }));
}
