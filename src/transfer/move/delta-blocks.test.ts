import { describe, expect, it } from 'vitest';
import { changedRuns, Digests, type Run } from './delta-blocks.ts';

const BLOCK = 256 * 1024;

async function runsOf(
  wanted: Buffer,
  existing: Buffer,
  piece: number,
): Promise<{ runs: Run[]; same: number[] }> {
  const [one, other] = [new Digests(), new Digests()];
  const [runs, same] = [[] as Run[], [] as number[]];
  const size = (wanted.length / 16) * BLOCK - 5;
  const feeding = (async () => {
    for (let at = 0; at < wanted.length || at < existing.length; at += piece) {
      one.add(wanted.subarray(at, at + piece));
      other.add(existing.subarray(at, at + piece));
      await Promise.resolve();
    }
    one.complete();
    other.complete();
  })();
  const onSame = (bytes: number): void => void same.push(bytes);
  for await (const run of changedRuns(one, other, { block: BLOCK, size, onSame })) runs.push(run);
  await feeding;
  return { runs, same };
}

describe('blocks that differ', () => {
  const wanted = Buffer.from(Array.from({ length: 64 * 16 }, (_, at) => at % 251));

  it.each([7, 16, 4096])('are found whatever pieces of %i bytes their digests come in', async piece => {
    const existing = Buffer.from(wanted);
    for (const index of [0, 40, 63]) existing.writeUInt8(255, index * 16 + 3);
    const { runs, same } = await runsOf(wanted, existing, piece);
    expect(runs).toEqual([
      { at: 0, length: BLOCK },
      { at: 40 * BLOCK, length: BLOCK },
      { at: 63 * BLOCK, length: BLOCK - 5 },
    ]);
    expect(same.reduce((sum, bytes) => sum + bytes, 0)).toBe(61 * BLOCK);
  });

  it('are all that the other side does not have, and what is the same is not told block by block', async () => {
    const { runs, same } = await runsOf(wanted, wanted.subarray(0, 62 * 16 + 9), 4096);
    expect(runs.map(({ at }) => at / BLOCK)).toEqual([62, 63]);
    expect(same).toEqual([16, 16, 16, 14].map(blocks => blocks * BLOCK));
  });
});
