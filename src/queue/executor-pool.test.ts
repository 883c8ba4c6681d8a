import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../core/clock.ts';
import { ExecutorPool } from './executor-pool.ts';
import type { FromExecutor, ToExecutor } from './executor-protocol.ts';
import { sampleTask } from './sample-task.ts';

/** A process of the pool that does nothing by itself. */
interface Process {
  readonly heard: ToExecutor[];
  readonly say: (message: FromExecutor) => void;
  /** Milliseconds of processor time it has had; null: nobody says. */
  used: number | null;
  killed: boolean;
}

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => Date.now(),
  sleep: () => Promise.resolve(),
};
let pool: ExecutorPool;
let processes: Process[];
let lost: string[];

beforeEach(() => {
  vi.useFakeTimers();
  processes = [];
  lost = [];
  pool = new ExecutorPool(
    {
      size: 1,
      clock,
      silenceLimit: 10_000,
      idleLimit: 0,
      start: (name, { onMessage, onExit }) => {
        const process: Process = { heard: [], say: onMessage, used: null, killed: false };
        processes.push(process);
        return {
          name,
          pid: processes.length,
          send: message => process.heard.push(message),
          pulse: () => (process.used === null ? null : { used: process.used, stopped: false }),
          kill: () => {
            process.killed = true;
            onExit('killed');
          },
        };
      },
    },
    { onMessage: () => undefined, onLost: (_, reason) => lost.push(reason) },
  );
});
afterEach(async () => {
  for (const process of processes) process.killed = true;
  vi.useRealTimers();
  await pool[Symbol.asyncDispose]();
});

function begin(): void {
  const task = sampleTask({});
  const assignment = { task, input: null, seen: { stdout: 0, stderr: 0 }, steps: new Map(), approved: [] };
  pool.run(task, () => ({ say: 'run', assignment }));
}

describe('an executor', () => {
  it('that takes long to start, on a busy machine, is waited for', () => {
    begin();
    vi.advanceTimersByTime(60_000);
    expect(lost).toEqual([]);
    processes[0]?.say({ say: 'ready' });
    vi.advanceTimersByTime(9_000);
    expect(lost).toEqual([]);
  });

  it('that never gets up counts as gone all the same', () => {
    begin();
    vi.advanceTimersByTime(125_000);
    expect(lost).toHaveLength(1);
  });

  it('that falls silent loses its claims, and is told to leave when it is back (R07)', () => {
    begin();
    processes[0]?.say({ say: 'ready' });
    vi.advanceTimersByTime(12_000);
    expect(lost).toEqual(['executor-1 fell silent']);
    processes[0]?.say({ say: 'alive' });
    expect(processes[0]?.heard.at(-1)).toEqual({ say: 'leave' });
    expect(processes[0]?.killed).toBe(false);
  });

  it('that hardly gets a processor keeps its claims until it has had its turn (R07)', () => {
    begin();
    processes[0]?.say({ say: 'ready' });
    for (let second = 0; second < 60; second += 1) {
      if (processes[0]) processes[0].used = second * 25;
      vi.advanceTimersByTime(1000);
    }
    expect(lost).toEqual([]);
    for (let second = 0; second < 10; second += 1) {
      if (processes[0]) processes[0].used = 2000 + second * 1000;
      vi.advanceTimersByTime(1000);
    }
    expect(lost).toEqual(['executor-1 fell silent']);
  });

  it('that stays silent is ended', () => {
    begin();
    processes[0]?.say({ say: 'ready' });
    vi.advanceTimersByTime(80_000);
    expect(processes[0]?.killed).toBe(true);
  });
});
