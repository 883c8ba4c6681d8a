import { readFileSync } from 'node:fs';
import type { Comparison, Question, RunOptions, Samples, Target } from './question.ts';
import { makeTree, oursOf } from './small-files.ts';
import { manifestScript, openTransferLab, type TransferLab } from './transfer-lab.ts';
import { type Cost, meterHere, type Way } from './transfer-meter.ts';
import { type PeerName, peerOf } from './transfer-peers.ts';

/** How many times what one file (or one byte) costs in the largest case may be of what it costs in the middle one. */
const GROWTH = 1.3;

export const question: Question = {
  id: 'P20',
  title:
    'Growth: 1,000 to 100,000 small files and 1 MiB to 8 GiB in one file, to where nothing is, up and down',
  verified: 'each copy had the names and contents of its source, by hash of all.',
  peers: ['rsync --version', 'ssh -V'],
  async *run(options) {
    await using lab = await openTransferLab(options);
    for (const what of [FILES, bytesUpTo(largestFile())])
      for (const direction of ['up', 'down'] as const) yield* grown(lab, what, direction, options);
  },
};

type Peer = readonly [PeerName, ...string[]];

interface Growing {
  readonly sizes: readonly number[];
  /** Sizes that show only that it works. */
  readonly quick: readonly number[];
  /** Name below the folders of both sides; `tree` is a folder. */
  readonly from: 'tree' | 'whole';
  readonly make: (lab: TransferLab, size: number) => Promise<void>;
  readonly check: (root: string, name: string) => string;
  readonly peers: readonly Peer[];
  /** One that takes part up to a size, and once. */
  readonly slow?: { readonly peer: Peer; readonly most: number };
  readonly shown: (size: number) => string;
  /** What one costs is said for so many. */
  readonly unit: number;
  readonly one: string;
}

const FILES: Growing = {
  sizes: [1000, 10_000, 100_000],
  quick: [100, 1000],
  from: 'tree',
  make: async (lab, size) => await makeTree(lab, `${lab.folder}/tree`, size),
  check: (root, name) => manifestScript(`${root}/${name}`, false),
  peers: [['rsync', '-a']],
  // more would take it minutes
  slow: { peer: ['scp', '-r'], most: 1000 },
  shown: size => `${size} files`,
  unit: 1000,
  one: '1,000 files',
};
const MEBIBYTE = 1024 ** 2;
/** Bytes above which ours runs alone, and once. */
const LARGE = 1024 * MEBIBYTE;
/** Both copies are in memory, and everything else needs some. */
const TO_SPARE = 3 * 1024 * MEBIBYTE;

/** 8 GiB, or what there is memory for. */
function largestFile(): number {
  const available = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1];
  let size = 8 * LARGE;
  while (size > LARGE && 2 * size + TO_SPARE > Number(available ?? 0) * 1024) size /= 2;
  return size;
}

const bytesUpTo = (largest: number): Growing => ({
  sizes: [MEBIBYTE, 32 * MEBIBYTE, LARGE, ...(largest > LARGE ? [largest] : [])],
  quick: [MEBIBYTE, 8 * MEBIBYTE],
  from: 'whole',
  make: async (lab, size) => void (await lab.here(`head -c ${size} /dev/urandom > ${lab.folder}/whole`)),
  check: (root, name) => `sha256sum < ${root}/${name}`,
  peers: [['rsync', '-a'], ['scp']],
  shown: size => `${size / MEBIBYTE} MiB`,
  unit: 64 * MEBIBYTE,
  one: '64 MiB',
});

/** All sizes in one direction: ours and the peers in turns, then what one file or byte costs in each of the sizes. */
async function* grown(
  lab: TransferLab,
  what: Growing,
  direction: 'up' | 'down',
  options: RunOptions,
): AsyncGenerator<Comparison, void, void> {
  const sizes = options.quick ? what.quick : what.sizes;
  const perOne: Samples[] = [];
  for (const size of sizes) {
    const ways = await waysOf(lab, what, direction, size);
    const costs = new Map<Way, Cost[]>(ways.map(way => [way, []]));
    // small ones are quick, and vary
    const rounds = options.quick || size > LARGE ? 1 : size === sizes[0] ? 5 : size === 100_000 ? 2 : 3;
    for (let round = 0; round < rounds; round += 1)
      for (const [index, way] of ways.entries())
        if (round === 0 || index <= what.peers.length) costs.get(way)?.push(await way.run());
    options.say(`${what.shown(size)} ${direction}: least of ${rounds}: ms, ms of processor here, MiB`);
    for (const [way, found] of costs) {
      const least = (key: keyof Cost): string =>
        Math.min(...found.map(cost => cost[key]))
          .toFixed(0)
          .padStart(7);
      options.say(`  ${least('time')} ${least('processor')} ${least('memory')}  ${way.what}`);
    }
    const [ours] = ways;
    const times = (ours === undefined ? [] : (costs.get(ours) ?? [])).map(
      ({ time }) => (time / size) * what.unit,
    );
    perOne.push({ what: `of ${what.shown(size)}`, times });
    await lab.here(`rm -rf ${lab.folder}/*`);
    await lab.there(`rm -rf ${lab.farFolder}/*`);
  }
  const [peer, ours] = perOne.slice(-2);
  if (ours === undefined || peer === undefined) return;
  const target: Target = { kind: 'within', atMost: GROWTH };
  yield { title: `${direction}: what ${what.one} cost us`, ours, peer, target };
}

async function waysOf(
  lab: TransferLab,
  { from, make, check, peers, slow }: Growing,
  direction: 'up' | 'down',
  size: number,
): Promise<readonly Way[]> {
  await make(lab, size);
  const isUp = direction === 'up';
  if (!isUp) {
    await lab.ours({ direction: 'push', local: `${lab.folder}/${from}`, remote: `${lab.farFolder}/${from}` });
    // the copy that comes down has the room of it
    await lab.here(`rm -rf ${lab.folder}/${from}`);
  }
  const [target, atTarget] = isUp ? [lab.farFolder, lab.there] : [lab.folder, lab.here];
  const [source, atSource] = isUp ? [lab.folder, lab.here] : [lab.farFolder, lab.there];
  const wanted = await atSource(check(source, from));
  const before = async (): Promise<void> => void (await atTarget(`rm -rf ${target}/copy`));
  const after = async (): Promise<void> => {
    if ((await atTarget(check(target, 'copy'))) !== wanted)
      throw new Error('The copy is not what was copied.');
    await before();
  };
  const request =
    from === 'tree'
      ? oursOf(lab, direction)
      : isUp
        ? ({ direction: 'push', local: `${lab.folder}/whole`, remote: `${lab.farFolder}/copy` } as const)
        : ({ direction: 'pull', local: `${lab.folder}/copy`, remote: `${lab.farFolder}/whole` } as const);
  const ours: Way = {
    what: 'transfer() over an open connection; verified by hash at both ends, on disk, atomic',
    run: async () => {
      await before();
      const cost = await meterHere(async () => await lab.ours(request));
      await after();
      return cost;
    },
  };
  const work = { lab, direction, from, to: 'copy', before, after };
  if (size > LARGE) return [ours];
  const all = slow !== undefined && size <= slow.most ? [...peers, slow.peer] : peers;
  return [ours, ...all.map(([name, ...flags]) => peerOf(name, true, work, ...flags))];
}
