import type { Comparison, RunOptions } from './question.ts';
import { manifestScript, openTransferLab, type TransferLab } from './transfer-lab.ts';
import { contest, meterHere, type SlowWay, type Way } from './transfer-meter.ts';
import { type PeerName, peerOf, type PeerWork } from './transfer-peers.ts';

/** What P06 and P07 share: a tree of small files that is copied, and copied again. */

/** Bytes on average of a file; sizes go from 100 to twice this. */
const AVERAGE = 2500;
const IN_A_FOLDER = 100;

/** Makes the tree with python, which is there; the same in each run. */
export async function makeTree({ here }: TransferLab, folder: string, files: number): Promise<void> {
  const program = `
import os, random
random.seed(1)
for at in range(${files}):
    where = "${folder}/d%03d" % (at // ${IN_A_FOLDER})
    os.makedirs(where, exist_ok=True)
    with open(where + "/file-%05d.txt" % at, "wb") as file:
        file.write(random.randbytes(random.randint(100, ${2 * AVERAGE - 100})))
`;
  await here(`mkdir -p ${folder} && python3 - <<'END'\n${program}END`);
}

export interface SmallFiles extends AsyncDisposable {
  readonly lab: TransferLab;
  readonly roundTrip: number;
  readonly rounds: number;
  readonly options: RunOptions;
}

/** The tree is `tree` on both sides, and one of a tenth of the files `tenth`; copies are called `copy`. */
export async function smallFiles(work: {
  readonly files: number;
  readonly roundTrip: number;
  readonly options: RunOptions;
}): Promise<SmallFiles> {
  const { files, roundTrip, options } = work;
  const lab = await openTransferLab({ isPlain: options.isPlain, roundTrip });
  const close = async (): Promise<void> => await lab[Symbol.asyncDispose]();
  try {
    for (const [name, count] of [
      ['tree', files],
      ['tenth', files / 10],
    ] as const) {
      await makeTree(lab, `${lab.folder}/${name}`, count);
      await lab.ours({
        direction: 'push',
        local: `${lab.folder}/${name}`,
        remote: `${lab.farFolder}/${name}`,
      });
    }
    return { lab, roundTrip, rounds: options.quick ? 1 : 5, options, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first copy: what was there of an earlier one is removed before. */
export async function firstCopy(
  small: SmallFiles,
  direction: 'up' | 'down',
  title: string,
  target?: Comparison['target'],
): Promise<Comparison> {
  const { lab, roundTrip, rounds, options } = small;
  const [root, script] = direction === 'up' ? [lab.farFolder, lab.there] : [lab.folder, lab.here];
  const wanted = await script(manifestScript(`${root}/tree`, false));
  const exact = await script(manifestScript(`${root}/tree`, true));
  const clear = async (): Promise<void> => void (await script(`rm -rf ${root}/copy`));
  const check = async (attributes: boolean): Promise<void> => {
    const found = await script(manifestScript(`${root}/copy`, attributes));
    if (found !== (attributes ? exact : wanted)) throw new Error('The copy is not what was copied.');
  };
  const work: PeerWork = {
    lab,
    direction,
    from: 'tree',
    to: 'copy',
    before: clear,
    after: async () => await check(false),
  };
  const peer = (name: PeerName, ...flags: readonly string[]): Way => peerOf(name, true, work, ...flags);
  const slow = (name: PeerName, ...flags: readonly string[]): SlowWay => ({
    ...peer(name, ...flags),
    tenth: peerOf(name, true, { ...work, from: 'tenth', after: nothing }, ...flags).run,
  });
  if (roundTrip > 0)
    options.say('scp, lftp and rclone are not asked: a round trip and more for each file takes them minutes');
  return await contest(
    {
      title,
      rounds,
      ours: {
        what: 'transfer() over an open connection; verified by hash at both ends, on disk, atomic',
        run: async () => {
          await clear();
          const cost = await meterHere(async () => await lab.ours(oursOf(lab, direction)));
          await check(true);
          return cost;
        },
      },
      peers: [peer('rsync', '-a'), peer('tar')],
      slow:
        roundTrip > 0
          ? []
          : [
              slow('scp', '-r'),
              slow('lftp', '--parallel=8'),
              slow('rclone', '--transfers=16', '--checkers=16'),
            ],
      ...(target ? { target } : {}),
    },
    options,
  );
}

const nothing = async (): Promise<void> => undefined;

export function oursOf(
  { folder, farFolder }: TransferLab,
  direction: 'up' | 'down',
  to = 'copy',
): { readonly direction: 'push' | 'pull'; readonly local: string; readonly remote: string } {
  return direction === 'up'
    ? { direction: 'push', local: `${folder}/tree`, remote: `${farFolder}/${to}` }
    : { direction: 'pull', local: `${folder}/${to}`, remote: `${farFolder}/tree` };
}
