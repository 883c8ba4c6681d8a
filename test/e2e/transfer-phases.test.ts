import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FaultKit } from '../faults/fault.ts';
import { HITS, PhaseHits } from '../faults/phase-hits.ts';
import { oneTurn, shortTurn } from '../faults/phases.ts';

/**
 * Each kind of transfer held open in a phase of its own, then hit: whole in the end, or as it was, and nothing left
 * anywhere. `npm run faults -- PHASES` does every hit in every phase.
 */
const missed: string[] = [];
let kit: FaultKit;
let hits: PhaseHits;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'phases-e2e-'));
  kit = {
    short: true,
    folder,
    say: () => undefined,
    check: (holds, what) => void (holds || missed.push(what)),
  };
  hits = await PhaseHits.start(kit, [146, 147]);
});
afterAll(async () => {
  await hits?.[Symbol.asyncDispose]();
  await rm(kit.folder, { recursive: true, force: true });
});

it.each(HITS)('put, get, sync and cp, each in another phase: %s', async hit => {
  await oneTurn(kit, hits, hit, shortTurn(hit));
  expect(missed).toEqual([]);
});
