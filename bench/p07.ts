import type { Comparison, Question, RunOptions } from './question.ts';
import { oursOf, type SmallFiles, smallFiles } from './small-files.ts';
import { contest, meterHere } from './transfer-meter.ts';
import { peerOf } from './transfer-peers.ts';

const FILES = 10_000;

export const question: Question = {
  id: 'P07',
  title: `${FILES} small files that are there already: nothing has changed`,
  verified:
    'ours counted every file and folder as unchanged; the copy was equal to its source when the peers began.',
  peers: ['rsync --version', 'rclone version', 'lftp --version', 'ssh -V'],
  async *run(options) {
    yield* at(0, options);
    yield* at(20, options);
  },
};

async function* at(roundTrip: number, options: RunOptions): AsyncGenerator<Comparison, void, void> {
  const files = options.quick ? FILES / 10 : FILES;
  await using small = await smallFiles({ files, roundTrip, options });
  for (const direction of ['up', 'down'] as const) {
    await small.lab.ours(oursOf(small.lab, direction));
    // what was changed just now is compared whole; after that it is known to be the same, as in daily use
    await small.lab.here('sleep 2.1');
    await small.lab.ours(oursOf(small.lab, direction));
    for (const isWarm of [true, false]) yield await again(small, direction, isWarm, roundTrip);
  }
}

async function again(
  { lab, rounds, options }: SmallFiles,
  direction: 'up' | 'down',
  isWarm: boolean,
  roundTrip: number,
): Promise<Comparison> {
  const nothing = async (): Promise<void> => undefined;
  const work = { lab, direction, from: 'tree', to: 'copy', before: nothing, after: nothing };
  const request = {
    ...oursOf(lab, direction),
    onBegin: () => Promise.reject(new Error('Something was to do.')),
  };
  return await contest(
    {
      title: `${direction}, ${roundTrip} ms away, ${isWarm ? 'warm' : 'cold'}`,
      rounds,
      ours: {
        what: isWarm ? 'transfer() over an open connection' : 'connect, transfer(), close',
        run: async () =>
          await meterHere(async () => {
            if (isWarm) return await lab.ours(request);
            await using connection = await lab.connect();
            await lab.ours(request, connection);
          }),
      },
      peers: [
        peerOf('rsync', isWarm, work, '-a'),
        peerOf('lftp', isWarm, work, '--parallel=8'),
        ...(isWarm ? [] : [peerOf('rclone', isWarm, work, '--checkers=16')]),
      ],
      ...(isWarm ? { target: { kind: 'times-faster', atLeast: 1.2 } } : {}),
    },
    options,
  );
}
