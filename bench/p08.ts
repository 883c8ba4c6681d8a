import type { Comparison, Question, RunOptions } from './question.ts';
import { openTransferLab, type TransferLab } from './transfer-lab.ts';
import { contest, meterHere, type Way } from './transfer-meter.ts';
import { peerOf } from './transfer-peers.ts';

/** Bytes of each changed place. */
const PLACE = 4096;

export const question: Question = {
  id: 'P08',
  title: `A file of 1 GiB of which 1 % has changed, at places of ${PLACE} bytes, or was appended`,
  verified: 'the SHA-256 of each copy was that of its source.',
  peers: ['rsync --version', 'ssh -V'],
  async *run(options) {
    yield* at(0, [true, false], options);
    yield* at(20, [true], options);
  },
};

async function* at(
  roundTrip: number,
  ways: readonly boolean[],
  options: RunOptions,
): AsyncGenerator<Comparison, void, void> {
  await using lab = await openTransferLab({ isPlain: options.isPlain, roundTrip });
  for (const direction of ['up', 'down'] as const) {
    const versions = await prepare(lab, direction, options);
    for (const kind of ['scattered', 'appended'] as const)
      for (const inplace of ways)
        yield await changed(lab, versions, { direction, kind, inplace, roundTrip }, options);
  }
}

/** Both versions of the file at the source, and a copy of one at the target. */
interface Versions {
  readonly bytes: number;
  /** SHA-256 of each. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Name of the one that the target has. */
  copied: string;
}

interface Case {
  readonly direction: 'up' | 'down';
  readonly kind: 'scattered' | 'appended';
  readonly inplace: boolean;
  /** Milliseconds that the way there and back takes. */
  readonly roundTrip: number;
}

async function prepare(lab: TransferLab, direction: 'up' | 'down', { quick }: RunOptions): Promise<Versions> {
  const bytes = (quick ? 64 : 1024) * 1024 * 1024;
  await lab.here(`rm -rf ${lab.folder}/*`);
  await lab.there(`rm -rf ${lab.farFolder}/*`);
  const isUp = direction === 'up';
  const [from, atSource] = isUp ? [lab.folder, lab.here] : [lab.farFolder, lab.there];
  await atSource(makeVersions(from, bytes));
  const hashes = new Map<string, string>();
  for (const name of ['even', 'odd']) hashes.set(name, await atSource(`sha256sum < ${from}/${name}`));
  await lab.ours({
    direction: isUp ? 'push' : 'pull',
    local: isUp ? `${from}/even` : `${lab.folder}/copy`,
    remote: isUp ? `${lab.farFolder}/copy` : `${from}/even`,
  });
  return { bytes, hashes, copied: 'even' };
}

async function changed(
  lab: TransferLab,
  versions: Versions,
  { direction, kind, inplace, roundTrip }: Case,
  options: RunOptions,
): Promise<Comparison> {
  const [near, far] = [lab.folder, lab.farFolder];
  const [from, to] = direction === 'up' ? [near, far] : [far, near];
  const [atSource, atTarget] = direction === 'up' ? [lab.here, lab.there] : [lab.there, lab.here];
  const { bytes, hashes } = versions;
  const appended = bytes - Math.floor(bytes / 100);
  const before = async (): Promise<void> => {
    if (kind === 'scattered') versions.copied = versions.copied === 'even' ? 'odd' : 'even';
    else await atTarget(`truncate -s ${appended} ${to}/copy && touch -d @1000 ${to}/copy`);
    // the source always has the same name
    await atSource(`ln -f ${from}/${versions.copied} ${from}/source`);
  };
  const after = async (): Promise<void> => {
    if ((await atTarget(`sha256sum < ${to}/copy`)) !== hashes.get(versions.copied))
      throw new Error('The copy is not what was copied.');
  };
  const work = { lab, direction, from: 'source', to: 'copy', before, after };
  const request =
    direction === 'up'
      ? ({ direction: 'push', local: `${near}/source`, remote: `${far}/copy` } as const)
      : ({ direction: 'pull', local: `${near}/copy`, remote: `${far}/source` } as const);
  const ours: Way = {
    what: `transfer() over an open connection, compared by SHA-256${inplace ? ', in place' : ', atomic'}`,
    run: async () => {
      await before();
      const cost = await meterHere(async () => await lab.ours({ ...request, inplace }));
      await after();
      return cost;
    },
  };
  return await contest(
    {
      title: `${direction}, ${roundTrip} ms away, ${kind}, ${inplace ? 'in place' : 'by a new file'}`,
      rounds: options.quick ? 1 : 3,
      ours,
      peers: [peerOf('rsync', true, work, '-a', ...(inplace ? ['--inplace'] : []))],
      ...(inplace ? { target: { kind: 'times-faster', atLeast: 1 } } : {}),
    },
    options,
  );
}

/** Two files of one size that differ in 1 %. */
function makeVersions(folder: string, bytes: number): string {
  return `cd ${folder} && head -c ${bytes} /dev/urandom > even && cp even odd && python3 - <<'END'
import os, random
random.seed(2)
with open("odd", "r+b") as file:
    for _ in range(${Math.floor(bytes / 100 / PLACE)}):
        file.seek(random.randrange(${Math.floor(bytes / PLACE)}) * ${PLACE})
        file.write(os.urandom(${PLACE}))
os.utime("odd", (2000, 2000))
os.utime("even", (3000, 3000))
END`;
}
