import type { Comparison, Pace, Question, RunOptions } from './question.ts';
import { openTransferLab, type TransferLab } from './transfer-lab.ts';
import { contest, meterHere, type Way } from './transfer-meter.ts';
import { type PeerName, peerOf } from './transfer-peers.ts';

/** A size and how often it is copied. A small file says what a copy costs before its bytes do. */
interface Size {
  readonly mebibytes: number;
  readonly pace: Pace;
  /** Only the largest is judged. */
  readonly isJudged: boolean;
}

const SIZES: readonly Size[] = [
  { mebibytes: 1, pace: { rounds: 9, least: 5, budget: 8000 }, isJudged: false },
  { mebibytes: 32, pace: { rounds: 5, least: 3, budget: 10_000 }, isJudged: false },
  // copied and read again for its checksum each time: half a minute a round
  { mebibytes: 1024, pace: { rounds: 5, least: 3, budget: 60_000 }, isJudged: true },
];
/** All are held to the 2 MiB that OpenSSH has on its way in a round trip. */
const AWAY: readonly Size[] = [
  { mebibytes: 256, pace: { rounds: 3, least: 3, budget: 60_000 }, isJudged: false },
];
const ONCE: Pace = { rounds: 1, least: 1, budget: 0 };

export const question: Question = {
  id: 'P05',
  title: 'One file of 1 MiB to 1 GiB from memory to memory, up and down; 256 MiB from 20 ms away',
  verified:
    'the SHA-256 of each copy was that of its source; ours had compared it itself before the file got its name.',
  peers: ['rsync --version', 'rclone version', 'lftp --version', 'ssh -V'],
  async *run(options) {
    yield* at(0, options.quick ? SIZES.slice(0, 2) : SIZES, options);
    yield* at(20, options.quick ? SIZES.slice(0, 1) : AWAY, options);
  },
};

async function* at(
  roundTrip: number,
  sizes: readonly Size[],
  options: RunOptions,
): AsyncGenerator<Comparison, void, void> {
  await using lab = await openTransferLab({ isPlain: options.isPlain, roundTrip });
  for (const size of sizes) {
    await lab.here(`head -c ${size.mebibytes}M /dev/urandom > ${lab.folder}/whole`);
    await lab.ours({ direction: 'push', local: `${lab.folder}/whole`, remote: `${lab.farFolder}/whole` });
    for (const direction of ['down', 'up'] as const) {
      // two copies may be more than the host's memory has room for
      if (direction === 'up') await lab.there(`rm ${lab.farFolder}/whole`);
      yield await copy(lab, direction, { ...size, roundTrip }, options);
    }
  }
}

async function copy(
  lab: TransferLab,
  direction: 'up' | 'down',
  { mebibytes, pace, isJudged, roundTrip }: Size & { readonly roundTrip: number },
  options: RunOptions,
): Promise<Comparison> {
  const [root, script] = direction === 'up' ? [lab.farFolder, lab.there] : [lab.folder, lab.here];
  const wanted = await lab.here(`sha256sum < ${lab.folder}/whole`);
  const before = async (): Promise<void> => void (await script(`rm -f ${root}/copy`));
  const after = async (): Promise<void> => {
    if ((await script(`sha256sum < ${root}/copy`)) !== wanted)
      throw new Error('The copy is not what was copied.');
    await before();
  };
  const work = { lab, direction, from: 'whole', to: 'copy', before, after };
  const peer = (name: PeerName): Way => peerOf(name, true, work);
  const request =
    direction === 'up'
      ? ({ direction: 'push', local: `${lab.folder}/whole`, remote: `${lab.farFolder}/copy` } as const)
      : ({ direction: 'pull', local: `${lab.folder}/copy`, remote: `${lab.farFolder}/whole` } as const);
  return await contest(
    {
      title: `${mebibytes} MiB ${direction}${roundTrip > 0 ? `, ${roundTrip} ms away` : ''}`,
      rounds: options.quick ? ONCE : pace,
      ours: {
        what: 'transfer() over an open connection, compared by SHA-256, on disk',
        run: async () => {
          await before();
          const cost = await meterHere(async () => await lab.ours(request));
          await after();
          return cost;
        },
      },
      peers: [peer('scp'), peer('sftp'), peer('rsync'), peer('lftp'), peer('rclone')],
      ...(isJudged ? { target: { kind: 'times-faster', atLeast: 1 } } : {}),
    },
    options,
  );
}
