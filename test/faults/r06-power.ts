import { existsSync } from 'node:fs';
import { cutPowerOften } from '../store/power-cut.ts';
import type { Fault } from './fault.ts';

/** The power fails while the store works: what it acknowledged is there afterwards. */
export const fault: Fault = {
  id: 'R06',
  title: 'power cuts of the store',
  async run({ short, folder, say, check }) {
    if (!existsSync('/dev/loop-control')) throw new Error('cutting the power needs loop devices');
    const cuts = await cutPowerOften(folder, short ? 3 : 50);
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const submitted = sum(cuts.map(cut => cut.submitted));
    const succeeded = sum(cuts.map(cut => cut.succeeded));
    say(`${cuts.length} cuts, ${submitted} tasks and ${succeeded} ends acknowledged before them`);
    check(submitted > 0, 'there was work before the cuts');
    const lost = cuts.flatMap(cut => cut.lost);
    check(lost.length === 0, `${lost.length} acknowledged commits lost`);
    const faults = cuts.flatMap(cut => cut.faults);
    check(
      faults.length === 0,
      `${faults.length} stores that did not open sound ${faults.slice(0, 3).join('; ')}`,
    );
  },
};
