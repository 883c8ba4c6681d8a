import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openDeckhand } from '../src/index.ts';
import { lightFleet } from '../test/lab/light.ts';
import { BenchDaemon, execOnAll } from './bench-daemon.ts';
import { ansible, AT_ONCE, clush, type FanOut, isInstalled, openMasters, pssh } from './fan-out-peers.ts';
import { expectCode, MANY_BENCH_HOSTS, openLab } from './lab-link.ts';
import { residentTogether } from './process-meter.ts';
import {
  type Comparison,
  inTurns,
  median,
  type Question,
  type RunOptions,
  type Samples,
  timed,
} from './question.ts';

const ROUNDS = 5;
const LIGHT = 200;
/** Milliseconds until what connecting left behind has gone. */
const SETTLE = 3000;

export const question: Question = {
  id: 'P04',
  title: '`true` on many hosts, without connections and over open ones: whole processes',
  verified:
    'each program said of every host that the command ran there with exit code 0; host keys were checked.',
  peers: ['parallel-ssh --version', 'clush --version', 'ansible --version', 'ssh -V'],
  async run(options) {
    const peers = await installedPeers(options);
    return [...(await onBooted(peers, options)), ...(await onLight(peers, options))];
  },
};

interface Peers {
  readonly pssh: boolean;
  readonly clush: boolean;
  readonly ansible: boolean;
}

async function installedPeers({ say }: RunOptions): Promise<Peers> {
  const programs = { pssh: 'parallel-ssh', clush: 'clush', ansible: 'ansible' };
  const there = { pssh: false, clush: false, ansible: false };
  for (const [name, program] of Object.entries(programs)) {
    there[name as keyof Peers] = await isInstalled(program);
    if (!there[name as keyof Peers]) say(`left out, not installed: ${program}`);
  }
  if (!there.pssh && !there.clush)
    throw new Error('P04 needs pssh or clush: apt-get install pssh clustershell');
  return there;
}

async function onBooted(peers: Peers, options: RunOptions): Promise<readonly Comparison[]> {
  const numbers = MANY_BENCH_HOSTS.slice(0, options.quick ? 2 : 20);
  await using lab = await openLab(numbers);
  const fanOut = {
    names: lab.hosts.map(({ name }) => name),
    sshConfigFile: lab.configFile,
    folder: lab.folder,
  };
  const group = new Group(`${numbers.length} booted hosts`, fanOut, peers, options);
  return [...(await group.cold(null)), ...(await group.warm())];
}

async function onLight(peers: Peers, options: RunOptions): Promise<readonly Comparison[]> {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-light-'));
  try {
    await using fleet = await lightFleet(options.quick ? 10 : LIGHT, folder);
    const { sshConfigFile } = fleet;
    const fanOut = { names: fleet.hosts.map(({ name }) => name), sshConfigFile, folder };
    const group = new Group(`${fleet.hosts.length} light hosts`, fanOut, peers, options);
    return [
      ...(await group.cold(() => fleet.cpuTime())),
      ...(await group.warm()),
      await idleConnections(fanOut, options),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same question of one set of hosts. */
class Group {
  readonly #name: string;
  readonly #fanOut: FanOut;
  readonly #peers: Peers;
  readonly #rounds: number;

  constructor(name: string, fanOut: FanOut, peers: Peers, { quick }: RunOptions) {
    this.#name = name;
    this.#fanOut = fanOut;
    this.#peers = peers;
    this.#rounds = quick ? 1 : ROUNDS;
  }

  /** `targetTime`: milliseconds of processor time that the hosts took so far, where it can be known. */
  async cold(targetTime: (() => number) | null): Promise<readonly Comparison[]> {
    const { names, sshConfigFile } = this.#fanOut;
    await using daemon = await BenchDaemon.start({ sshConfigFile });
    let taken = 0;
    const [command = [], library = [], psshTimes = [], clushTimes = [], raw = []] = await inTurns(
      this.#rounds,
      [
        async () => {
          await daemon.restart();
          return await timed(async () => await execOnAll(daemon, 'all', names.length));
        },
        async () => await timed(async () => await this.#byLibrary()),
        async () => {
          if (!this.#peers.pssh) return Number.NaN;
          await pause(500);
          const before = targetTime?.() ?? 0;
          const time = await timed(async () => await pssh(this.#fanOut, 'cold'));
          await pause(500);
          taken += (targetTime?.() ?? 0) - before;
          return time;
        },
        async () =>
          this.#peers.clush ? await timed(async () => await clush(this.#fanOut, 'cold')) : Number.NaN,
        async () => (this.#peers.ansible ? await timed(async () => await this.#raw('cold')) : Number.NaN),
      ],
    );
    const ours = { what: 'deckhand exec all -- true; daemon just started, no executor yet', times: command };
    const best = bestOf([
      { what: `parallel-ssh -p ${AT_ONCE}`, times: psshTimes },
      { what: `clush -f ${AT_ONCE}`, times: clushTimes },
    ]);
    const compared: Comparison[] = [
      { title: this.#title('cold', best), ours, peer: best, target: { kind: 'times-faster', atLeast: 1.4 } },
      {
        title: this.#title('cold, the library instead of the command line', best),
        ours: { what: 'openDeckhand, exec, dispose, in a running process', times: library },
        peer: best,
      },
      ...this.#beside('cold', ours, { what: 'ansible -m raw, no connections kept', times: raw }),
    ];
    if (targetTime && this.#peers.pssh) {
      const floor = taken / this.#rounds / cpus().length;
      compared.push({
        title: `${this.#name}, cold, against the floor that the hosts' own processor time sets`,
        ours,
        peer: {
          what: `${(taken / this.#rounds / names.length).toFixed(1)} ms per host and command by sshd, on ${cpus().length} cores`,
          times: [floor],
        },
        target: { kind: 'within', atMost: 1.25 },
      });
    }
    return compared;
  }

  async warm(): Promise<readonly Comparison[]> {
    const { names, sshConfigFile } = this.#fanOut;
    await using daemon = await BenchDaemon.start({ sshConfigFile });
    await using _masters = await openMasters(this.#fanOut);
    const either = async (is: boolean, work: () => Promise<void>): Promise<number> =>
      is ? await timed(work) : Number.NaN;
    await execOnAll(daemon, 'all', names.length);
    const [held = [], direct = [], psshTimes = [], clushTimes = [], raw = [], module = []] = await inTurns(
      this.#rounds,
      [
        async () => await timed(async () => await execOnAll(daemon, 'all', names.length)),
        async () => await timed(async () => await execOnAll(daemon, 'all', names.length, ['--direct'])),
        async () => await either(this.#peers.pssh, async () => await pssh(this.#fanOut, 'warm')),
        async () => await either(this.#peers.clush, async () => await clush(this.#fanOut, 'warm')),
        async () => await either(this.#peers.ansible, async () => await this.#raw('warm')),
        async () => await either(this.#peers.ansible, async () => await this.#module()),
      ],
    );
    const ours = { what: 'deckhand exec all -- true', times: held };
    const straight = { what: 'deckhand exec --direct all -- true: as mortal as the peer’s', times: direct };
    const best = bestOf([
      { what: `parallel-ssh -p ${AT_ONCE} over open ControlMasters`, times: psshTimes },
      { what: `clush -f ${AT_ONCE} over open ControlMasters`, times: clushTimes },
    ]);
    return [
      { title: this.#title('warm', best), ours, peer: best, target: { kind: 'times-faster', atLeast: 3 } },
      { title: this.#title('warm, without the holder', best), ours: straight, peer: best },
      ...this.#beside(
        'warm',
        ours,
        { what: 'ansible -m command, pipelined, over open ControlMasters', times: module },
        { kind: 'times-faster', atLeast: 20 },
      ),
      ...this.#beside('warm', ours, { what: 'ansible -m raw over open ControlMasters', times: raw }),
    ];
  }

  async #byLibrary(): Promise<void> {
    const { names, sshConfigFile, folder } = this.#fanOut;
    await using engine = await openDeckhand({ sshConfigFile, workingFolder: folder });
    const { results } = await engine.exec(
      { hosts: 'all', command: 'true', root: false, direct: false },
      { signal: new AbortController().signal },
    );
    const done = results.filter(({ exitCode }) => exitCode === 0).length;
    expectCode(done, names.length, 'the count of hosts where it ran');
  }

  async #raw(way: 'cold' | 'warm'): Promise<void> {
    await ansible(this.#fanOut, way, ['-m', 'raw', '-a', 'true'], /\| CHANGED \| rc=0/g);
  }

  async #module(): Promise<void> {
    await ansible(this.#fanOut, 'warm', ['-m', 'command', '-a', 'true'], /\| CHANGED \| rc=0/g);
  }

  #title(what: string, best: Samples): string {
    return `${this.#name}, ${what}, p50, against the best of those installed (${best.what.split(' ')[0]})`;
  }

  #beside(what: string, ours: Samples, peer: Samples, target?: Comparison['target']): readonly Comparison[] {
    if (!this.#peers.ansible) return [];
    return [{ title: `${this.#name}, ${what}, p50`, ours, peer, ...(target ? { target } : {}) }];
  }
}

function bestOf(samples: readonly Samples[]): Samples {
  const there = samples.filter(({ times }) => !times.some(Number.isNaN));
  const [best] = there.toSorted((one, other) => median(one.times) - median(other.times));
  if (!best) throw new Error('no peer ran');
  return best;
}

/** What a connection takes while it idles: executors before and after they connect to all but a few. */
async function idleConnections({ names, sshConfigFile }: FanOut, { quick }: RunOptions): Promise<Comparison> {
  const few = names.slice(0, 8);
  const [times = []] = await inTurns(quick ? 1 : ROUNDS, [
    async () => {
      await using daemon = await BenchDaemon.start({ sshConfigFile });
      await execOnAll(daemon, few.join(','), few.length);
      await pause(SETTLE);
      const before = residentTogether(await daemon.executors());
      await execOnAll(daemon, 'all', names.length);
      await pause(SETTLE);
      const after = residentTogether(await daemon.executors());
      return ((after - before) * 1024) / (names.length - few.length);
    },
  ]);
  return {
    title: `an idle connection, from ${few.length} to ${names.length}, each used once`,
    unit: 'KiB',
    ours: { what: 'growth of the executors (proportional set size)', times },
    target: { kind: 'at-most', limit: 100 },
  };
}
