import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutputPiece } from '../core/task-event.ts';
import { ClaimOutput } from './claim-output.ts';

describe('the output of claims', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('of several is given at the same moments, soon', async () => {
    const given: string[] = [];
    const claim = (name: string): ClaimOutput =>
      new ClaimOutput({ stdout: 0, stderr: 0 }, Date.now, async (pieces: readonly OutputPiece[]) => {
        given.push(`${name} ${Date.now() - 1_000_000} ${pieces.length}`);
      });
    const [one, other] = [claim('one'), claim('other')];
    await vi.advanceTimersByTimeAsync(5);
    void one.give('stdout', Uint8Array.of(1));
    await vi.advanceTimersByTimeAsync(30);
    void other.give('stdout', Uint8Array.of(2));
    void one.give('stderr', Uint8Array.of(3));
    await vi.advanceTimersByTimeAsync(80);
    expect(given).toEqual(['one 80 2', 'other 80 1']);
  });

  it('of one that goes on printing is given less often', async () => {
    const given: number[] = [];
    const output = new ClaimOutput({ stdout: 0, stderr: 0 }, Date.now, async () => {
      given.push(Date.now() - 1_000_000);
    });
    await vi.advanceTimersByTimeAsync(5);
    for (let turn = 0; turn < 50; turn += 1) {
      void output.give('stdout', Uint8Array.of(turn));
      await vi.advanceTimersByTimeAsync(10);
    }
    // 1 000 000 is 40 ms after a multiple of 120
    expect(given).toEqual([80, 200, 320, 440]);
    await vi.advanceTimersByTimeAsync(2000);
    given.length = 0;
    void output.give('stdout', Uint8Array.of(0));
    await vi.advanceTimersByTimeAsync(100);
    expect(given).toHaveLength(1);
  });
});
