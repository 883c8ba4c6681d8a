import type { Comparison, Question, RunOptions } from './question.ts';
import { firstCopy, withSmallFiles } from './small-files.ts';

const FILES = 10_000;

export const question: Question = {
  id: 'P06',
  title: `${FILES} small files (25 MB) copied to where nothing is, up and down, from memory to memory`,
  verified:
    'each copy had the names and contents of its source, by hash of all; ours its modes and times (to the nanosecond) as well.',
  peers: ['rsync --version', 'rclone version', 'lftp --version', 'ssh -V'],
  async run(options) {
    return [...(await at(0, 1.5, options)), ...(await at(20, 2, options))];
  },
};

async function at(roundTrip: number, atLeast: number, options: RunOptions): Promise<readonly Comparison[]> {
  const files = options.quick ? FILES / 10 : FILES;
  return await withSmallFiles({ files, roundTrip, options }, async small => [
    await firstCopy(small, 'up', `up, ${roundTrip} ms away`, { kind: 'times-faster', atLeast }),
    await firstCopy(small, 'down', `down, ${roundTrip} ms away`, { kind: 'times-faster', atLeast }),
  ]);
}
