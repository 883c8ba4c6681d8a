import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { ExecuteParams } from '../core/task-params.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import { sshExecute } from './ssh-execute.ts';
import type { TaskWork } from './task-kind.ts';

/** What stops waiting for a host throws; it says nothing about the host. */
const waitsNoLonger = new DeckhandError('command.cancelled', 'Connecting to web was cancelled.');
const seenOver = new DeckhandError('command.cancelled', 'None of its processes is left.', {
  details: { proved: true },
});

interface Claim {
  readonly begun: boolean;
  readonly thrown: DeckhandError;
  /** Where the cancel comes. */
  readonly at: 'connecting' | 'following';
}

/** Carries out a claim that is cancelled; `asked` counts how often the host was told to end what it may have. */
async function cancelled({ begun, thrown, at }: Claim): Promise<{ outcome: Outcome; asked: number }> {
  let asked = 0;
  const cancel = new AbortController();
  const stop = (where: Claim['at']): void => {
    if (where !== at) return;
    cancel.abort();
    throw thrown;
  };
  const door = {
    runHeld: async () => await Promise.resolve(stop('following')),
    cancel: async () => {
      asked += 1;
      return await Promise.resolve({ proved: true, remaining: [] });
    },
  };
  const never = new AbortController().signal;
  const work = {
    task: { id: 'task-1', attempt: 1, host: 'web', title: 'sleep 600', begun },
    params: { command: 'sleep 600' },
    hosts: {
      door: () => door,
      connect: async () => await Promise.resolve(stop('connecting')),
      settings: { 'timeouts.command': 0, 'timeouts.idle': 0, outputLimit: 1000 },
    },
    clock: systemClock,
    cancel: cancel.signal,
    force: never,
    leave: never,
    steps: new Map(),
    seen: { stdout: 0, stderr: 0 },
    phase: () => undefined,
    onPause: () => undefined,
    begin: async () => await Promise.resolve(),
  };
  const outcome = await sshExecute.run(work as unknown as TaskWork<ExecuteParams>);
  return { outcome, asked };
}

describe('a command that is cancelled', () => {
  it.each([
    ['that an earlier claim began is ended on its host', { begun: true, thrown: waitsNoLonger }, 1],
    ['that this claim began is ended on its host', { begun: false, thrown: waitsNoLonger }, 1],
    ['that was seen to be over is not asked for again', { begun: true, thrown: seenOver }, 0],
  ] as const)('%s', async (_, claim, times) => {
    const { outcome, asked } = await cancelled({ ...claim, at: 'following' });
    expect(outcome.end).toBe('cancelled');
    expect(asked).toBe(times);
  });

  it('before it was sent is over', async () => {
    const { outcome, asked } = await cancelled({ begun: false, thrown: waitsNoLonger, at: 'connecting' });
    expect(outcome.end).toBe('cancelled');
    expect(asked).toBe(0);
  });
});
