import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import { pauseAfter } from './retry-policy.ts';
import { sampleTask } from './sample-task.ts';
import { settlementOf, settlementOfCrash } from './settlement.ts';

const now = 1_000_000;
const situation = { begun: false, now, chance: () => 0.5 };
const error = (code: ErrorCode) => new DeckhandError(code, 'it failed').toJSON();
const twice = { limit: 2, pause: 1000, longestPause: 60_000 };

describe('what becomes of a failed attempt', () => {
  it('is repeated after a pause when the fault may pass by itself', () => {
    const task = sampleTask({ retry: twice });
    const settlement = settlementOf(task, { end: 'failed', error: error('ssh.refused') }, situation);
    expect(settlement).toMatchObject({ to: 'repeat', at: now + 1000 });
  });

  it.each(['ssh.authentication-failed', 'command.failed', 'ssh.host-key-changed', 'input.invalid'] as const)(
    'is never repeated for %s',
    code => {
      const task = sampleTask({ retry: twice });
      expect(settlementOf(task, { end: 'failed', error: error(code) }, situation)).toMatchObject({
        to: 'failed',
      });
    },
  );

  it('is repeated only as often as the task says', () => {
    const task = sampleTask({ retry: twice, attempt: 3 });
    expect(settlementOf(task, { end: 'failed', error: error('ssh.refused') }, situation).to).toBe('failed');
  });

  it('is not repeated once it has begun on the host, unless that does no harm', () => {
    const begun = { ...situation, begun: true };
    const failed = { end: 'failed', error: error('ssh.connection-lost') } as const;
    expect(settlementOf(sampleTask({ retry: twice, onLost: 'hold' }), failed, begun).to).toBe('failed');
    expect(settlementOf(sampleTask({ retry: twice, onLost: 'retry' }), failed, begun).to).toBe('repeat');
  });

  it('is not repeated when a cancel was asked', () => {
    const task = sampleTask({ retry: twice, cancelAsked: 'cancel' });
    expect(settlementOf(task, { end: 'failed', error: error('ssh.refused') }, situation).to).toBe('failed');
  });
});

describe('what becomes of a lost one', () => {
  const lost = { end: 'lost', error: error('task.lost') } as const;
  it('is held for a person', () => {
    expect(settlementOf(sampleTask({ onLost: 'hold', retry: twice }), lost, situation).to).toBe('lost');
  });
  it('begins anew where that does no harm, three times', () => {
    expect(settlementOf(sampleTask({ onLost: 'retry' }), lost, situation).to).toBe('repeat');
    expect(settlementOf(sampleTask({ onLost: 'retry', attempt: 4 }), lost, situation).to).toBe('lost');
  });
});

describe('what becomes of a claim whose executor died', () => {
  it('goes on elsewhere, until the task itself must be the cause', () => {
    const crash = { reason: 'killed', culprit: sampleTask({}).id, begun: false };
    expect(settlementOfCrash(sampleTask({ crashes: 0 }), crash)).toMatchObject({
      to: 'queued',
      crashed: true,
    });
    expect(settlementOfCrash(sampleTask({ crashes: 2 }), crash)).toMatchObject({
      to: 'failed',
      error: { code: 'task.executor-crashed' },
    });
    expect(settlementOfCrash(sampleTask({ crashes: 2 }), { ...crash, begun: true })).toMatchObject({
      to: 'lost',
      error: { code: 'task.executor-crashed' },
    });
  });
  it('is held against no other task, and only after many times against one that is suspected', () => {
    const unknown = { reason: 'killed', culprit: undefined, begun: true };
    expect(settlementOfCrash(sampleTask({ crashes: 2 }), { ...unknown, culprit: 'another' })).toMatchObject({
      to: 'queued',
      crashed: false,
    });
    expect(settlementOfCrash(sampleTask({ crashes: 8 }), unknown)).toMatchObject({
      to: 'queued',
      crashed: true,
    });
    expect(settlementOfCrash(sampleTask({ crashes: 9 }), unknown)).toMatchObject({ to: 'lost' });
  });
});

describe('the pause between attempts', () => {
  it('doubles, is bounded, and varies by a quarter', () => {
    const rule = { limit: 9, pause: 1000, longestPause: 5000 };
    expect([1, 2, 3, 4].map(attempt => pauseAfter(attempt, rule, () => 0.5))).toEqual([
      1000, 2000, 4000, 5000,
    ]);
    expect(pauseAfter(1, rule, () => 0)).toBe(750);
    expect(pauseAfter(1, rule, () => 1)).toBe(1250);
  });
});
