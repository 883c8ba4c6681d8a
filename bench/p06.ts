import type { Comparison, Question, RunOptions } from './question.ts';
import { firstCopy, smallFiles } from './small-files.ts';

const FILES = 10_000;

export const question: Question = {
  id: 'P06',
  title: `${FILES} small files (25 MB) copied to where nothing is, up and down, from memory to memory`,
  verified:
    'each copy had the names and contents of its source, by hash of all; ours its modes and times (to the nanosecond) as well.',
  peers: ['rsync --version', 'rclone version', 'lftp --version', 'ssh -V'],
  async *run(options) {
    yield* at(0, 1.5, options);
    yield* at(20, 2, options);
  },
};

async function* at(
  roundTrip: number,
  atLeast: number,
  options: RunOptions,
): AsyncGenerator<Comparison, void, void> {
  const files = options.quick ? FILES / 10 : FILES;
  await using small = await smallFiles({ files, roundTrip, options });
  for (const direction of ['up', 'down'] as const)
    yield await firstCopy(small, direction, `${direction}, ${roundTrip} ms away`, {
      kind: 'times-faster',
      atLeast,
    });
}
