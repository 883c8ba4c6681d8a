import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cutPowerOften } from '../store/power-cut.ts';

const possible = process.getuid?.() === 0 && existsSync('/dev/loop-control');
if (!possible && process.env['CI']) throw new Error('Cutting the power needs root and loop devices.');

/** `DECKHAND_POWER_CUTS` makes it longer. */
const rounds = Number(process.env['DECKHAND_POWER_CUTS'] ?? 4);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-power-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.runIf(possible)(
  'a power cut loses nothing that the store acknowledged (R06)',
  { timeout: rounds * 60_000 },
  async () => {
    const cuts = await cutPowerOften(folder, rounds);
    for (const cut of cuts)
      console.log(`${cut.submitted} + ${cut.succeeded} acknowledged, ${cut.lost.length} lost`);
    expect(cuts.map(cut => cut.faults)).toEqual(cuts.map(() => []));
    expect(cuts.map(cut => cut.lost)).toEqual(cuts.map(() => []));
    for (const cut of cuts) expect(cut.succeeded).toBeGreaterThan(0);
  },
);
