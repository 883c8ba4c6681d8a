import { cpus } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { openDeckhand } from '../src/index.ts';
import { BenchDaemon, execOnAll } from './bench-daemon.ts';
import { ansible, AT_ONCE, clush, type FanOut, type Peers, pssh, type Way } from './fan-out-peers.ts';
import { expectCode } from './lab-link.ts';
import { residentTogether } from './process-meter.ts';
import { type Comparison, inTurns, median, type Pace, type Samples, type Target, timed } from './question.ts';

/** Rounds of what is shown and not judged. */
const FEW = 2;
/** Hosts of the smaller set whose connections an idle connection is measured against. */
const SOME = 8;
/** Milliseconds until what connecting left behind has gone. */
const SETTLE = 3000;
/** Milliseconds before and after work whose processor time is taken on the hosts' side. */
const QUIET = 500;

interface GroupOptions {
  readonly name: string;
  readonly fanOut: FanOut;
  readonly peers: Peers;
  /** Milliseconds for the rounds without connections; those over open ones are quick. */
  readonly budget: number;
  /** Rounds in which ansible takes its turn. */
  readonly ansible: Readonly<Record<Way, number>>;
  readonly quick: boolean;
}

type Found = AsyncGenerator<Comparison, void, void>;

/**
 * P04's question of one set of hosts. The quicker one of pssh and clush in the first round is the peer of the other
 * rounds; ansible, the slowest by far, takes few turns.
 */
export class FanOutGroup {
  readonly #options: GroupOptions;
  readonly #pace: Pace;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.#pace = { rounds: options.quick ? 1 : 5, least: options.quick ? 1 : 3, budget: options.budget };
  }

  /** `targetTime`: milliseconds of processor time that the hosts took so far, where it can be known. */
  async *cold(targetTime?: () => number): Found {
    const { name, fanOut, peers } = this.#options;
    const { names, sshConfigFile } = fanOut;
    await using daemon = await BenchDaemon.start({ sshConfigFile });
    const race = new Race(peers);
    const taken: number[] = [];
    const [command = [], library = [], raw = []] = await inTurns(this.#pace, [
      async () => {
        await daemon.restart();
        return await timed(async () => await execOnAll(daemon, 'all', names.length));
      },
      async round => (round < FEW ? await timed(async () => await this.#byLibrary()) : null),
      async round => await this.#ansible(round, 'cold', 'raw'),
      async round =>
        await race.pssh(round, async () => {
          await pause(QUIET);
          const before = targetTime?.() ?? 0;
          const time = await timed(async () => await pssh(fanOut, 'cold'));
          await pause(QUIET);
          if (targetTime) taken.push(targetTime() - before);
          return time;
        }),
      async round =>
        await race.clush(round, async () => await timed(async () => await clush(fanOut, 'cold'))),
    ]);
    const ours = { what: 'deckhand exec all -- true; daemon just started, no executor yet', times: command };
    const best = race.best('');
    yield {
      title: this.#against('cold', best),
      ours,
      peer: best,
      target: { kind: 'times-faster', atLeast: 1.4 },
    };
    yield {
      title: this.#against('cold, the library instead of the command line', best),
      ours: { what: 'openDeckhand, exec, dispose, in a running process', times: library },
      peer: best,
    };
    yield* this.#beside('cold', ours, { what: 'ansible -m raw, no connections kept', times: raw });
    if (taken.length === 0) return;
    const floor = median(taken) / cpus().length;
    yield {
      title: `${name}, cold, against the floor that the hosts' own processor time sets`,
      ours,
      peer: {
        what: `${(median(taken) / names.length).toFixed(1)} ms per host and command by sshd, on ${cpus().length} cores`,
        times: [floor],
      },
      target: { kind: 'within', atMost: 1.25 },
    };
  }

  /** Over the connections of a daemon that has used each of them, and the peers over open masters. */
  async *warm(daemon: BenchDaemon): Found {
    const { fanOut, peers } = this.#options;
    const hosts = fanOut.names.length;
    const race = new Race(peers);
    const [held = [], direct = [], module = [], raw = []] = await inTurns(this.#pace, [
      async () => await timed(async () => await execOnAll(daemon, 'all', hosts)),
      async () => await timed(async () => await execOnAll(daemon, 'all', hosts, ['--direct'])),
      async round => await this.#ansible(round, 'warm', 'command'),
      async round => await this.#ansible(round, 'warm', 'raw'),
      async round => await race.pssh(round, async () => await timed(async () => await pssh(fanOut, 'warm'))),
      async round =>
        await race.clush(round, async () => await timed(async () => await clush(fanOut, 'warm'))),
    ]);
    const ours = { what: 'deckhand exec all -- true', times: held };
    const straight = { what: 'deckhand exec --direct all -- true: as mortal as the peer’s', times: direct };
    const best = race.best(' over open ControlMasters');
    yield {
      title: this.#against('warm', best),
      ours,
      peer: best,
      target: { kind: 'times-faster', atLeast: 3 },
    };
    yield { title: this.#against('warm, without the holder', best), ours: straight, peer: best };
    yield* this.#beside(
      'warm',
      ours,
      { what: 'ansible -m command, pipelined, over open ControlMasters', times: module },
      { kind: 'times-faster', atLeast: 20 },
    );
    yield* this.#beside('warm', ours, { what: 'ansible -m raw over open ControlMasters', times: raw });
  }

  /** What a connection takes while it idles: executors before and after they connect to all but a few. */
  async idleConnections(daemon: BenchDaemon): Promise<Comparison> {
    const { names } = this.#options.fanOut;
    const few = names.slice(0, SOME);
    await execOnAll(daemon, few.join(','), few.length);
    await pause(SETTLE);
    const before = residentTogether(await daemon.executors());
    await execOnAll(daemon, 'all', names.length);
    await pause(SETTLE);
    const after = residentTogether(await daemon.executors());
    return {
      title: `an idle connection, from ${few.length} to ${names.length}, each used once`,
      unit: 'KiB',
      ours: {
        what: 'growth of the executors (proportional set size)',
        times: [((after - before) * 1024) / (names.length - few.length)],
      },
      target: { kind: 'at-most', limit: 100 },
    };
  }

  async #byLibrary(): Promise<void> {
    const { names, sshConfigFile, folder } = this.#options.fanOut;
    await using engine = await openDeckhand({ sshConfigFile, workingFolder: folder });
    const { results } = await engine.exec(
      { hosts: 'all', command: 'true', root: false, direct: false },
      { signal: new AbortController().signal },
    );
    const done = results.filter(({ exitCode }) => exitCode === 0).length;
    expectCode(done, names.length, 'the count of hosts where it ran');
  }

  async #ansible(round: number, way: Way, module: 'raw' | 'command'): Promise<number | null> {
    const { fanOut, peers, ansible: turns } = this.#options;
    if (!peers.ansible || round >= turns[way]) return null;
    const words = ['-m', module, '-a', 'true'];
    return await timed(async () => await ansible(fanOut, way, words, /\| CHANGED \| rc=0/g));
  }

  #against(what: string, best: Samples): string {
    return `${this.#options.name}, ${what}, p50, against the best of those installed (${best.what.split(' ')[0]})`;
  }

  *#beside(what: string, ours: Samples, peer: Samples, target?: Target): Generator<Comparison, void, void> {
    if (peer.times.length === 0) return;
    yield { title: `${this.#options.name}, ${what}, p50`, ours, peer, ...(target ? { target } : {}) };
  }
}

/** pssh and clush: both in the first round, then the quicker one. `work` answers how long it took. */
class Race {
  readonly #peers: Peers;
  readonly #times: Record<'pssh' | 'clush', number[]> = { pssh: [], clush: [] };

  constructor(peers: Peers) {
    this.#peers = peers;
  }

  async pssh(round: number, work: () => Promise<number>): Promise<number | null> {
    return await this.#turn('pssh', 'clush', round, work);
  }

  async clush(round: number, work: () => Promise<number>): Promise<number | null> {
    return await this.#turn('clush', 'pssh', round, work);
  }

  best(how: string): Samples {
    const { pssh: first, clush: second } = this.#times;
    const all = [
      { what: `parallel-ssh -p ${AT_ONCE}${how}`, times: first },
      { what: `clush -f ${AT_ONCE}${how}`, times: second },
    ].filter(({ times }) => times.length > 0);
    const most = Math.max(...all.map(({ times }) => times.length));
    const [best] = all
      .filter(({ times }) => times.length === most)
      .toSorted((one, other) => median(one.times) - median(other.times));
    if (!best) throw new Error('no peer ran');
    return best;
  }

  async #turn(
    own: 'pssh' | 'clush',
    other: 'pssh' | 'clush',
    round: number,
    work: () => Promise<number>,
  ): Promise<number | null> {
    if (!this.#peers[own]) return null;
    const [mine = 0] = this.#times[own];
    const [theirs = Number.POSITIVE_INFINITY] = this.#times[other];
    if (round > 0 && mine > theirs) return null;
    const time = await work();
    this.#times[own].push(time);
    return time;
  }
}
