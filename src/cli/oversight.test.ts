import { expect, test } from 'vitest';
import { taskView } from '../api/over-tasks/scripted-task-api.ts';
import type { TaskApi } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskEvent } from '../core/task-event.ts';
import { samplePreview } from '../reports/sample-run.ts';
import { runScripted } from './scripted-surroundings.ts';

const STOP = { since: '2026-01-01T00:00:00.000Z', who: 'alice', until: null };

test('stop --all waits for proof; what could not be proved is no success', async () => {
  const run = taskView({ id: 'task-1', kind: 'agent.run', state: 'running' });
  const ending = (unproved: DeckhandError | null): Partial<TaskApi> => ({
    stopAll: async () => await Promise.resolve({ stop: STOP, tasks: [run] }),
    async *follow() {
      await Promise.resolve();
      yield { item: 'ended', task: { ...run, state: 'cancelled', error: unproved?.toJSON() ?? null } };
    },
  });
  const proved = await runScripted(['stop', '--all'], { tasks: ending(null) });
  expect(proved).toMatchObject({ exitCode: 0 });
  expect(proved.stderr).toContain('alice stopped all runs at 2026-01-01');
  expect(proved.stdout).toContain('cancelled');
  const unproved = new DeckhandError('command.cancel-unproved', 'web-1 is out of reach.');
  expect(await runScripted(['stop', '--all'], { tasks: ending(unproved) })).toMatchObject({ exitCode: 1 });
});

test('stop alone only says what holds; wrong flags are refused', async () => {
  const tasks = { emergencyStop: async () => await Promise.resolve(null) };
  expect(await runScripted(['stop'], { tasks })).toMatchObject({
    exitCode: 0,
    stdout: 'No stop holds: runs may begin.\n',
  });
  for (const flags of [['--all', '--clear'], ['--force'], ['--cooldown', '5m']])
    expect(await runScripted(['stop', ...flags], { tasks })).toMatchObject({ exitCode: 2 });
});

test('approvals show: exact commands with class and risks, hosts, whole hash, expiry, how to answer', async () => {
  const script = 'rm -rf /srv/cache\n# \u001b[2Jhidden';
  const command = {
    stepId: 'nginx',
    text: script,
    class: 'destructive' as const,
    risks: ['data-loss'],
    decision: 'ask' as const,
    rule: 'no-cache-loss',
    why: 'it removes files',
    meaning: 'm',
  };
  const preview = { ...samplePreview, commands: [command], doubts: ['it was seen only in output'] };
  const ready = {
    kind: 'plan-ready',
    preview,
    task: 'task-1',
    seq: 1,
    attempt: 1,
    time: STOP.since,
    requestId: 'r',
  };
  const approval = {
    id: 'approval-1',
    task: 'task-1',
    hash: preview.hash,
    title: 'x',
    state: 'open' as const,
    askedAt: Date.now(),
    expiresAt: Date.now() + 3_600_000,
    decidedBy: null,
    decidedAt: null,
    kind: 'plan' as const,
    about: {},
    choice: null,
    note: null,
    uses: 1,
    validUntil: null,
  };
  const params = { hosts: ['web-1'], mode: 'run', approve: 'ask' };
  const tasks: Partial<TaskApi> = {
    approvals: async () => await Promise.resolve([approval]),
    task: async () => await Promise.resolve(taskView({ id: 'task-1', kind: 'agent.run', params })),
    events: async () => await Promise.resolve([ready as unknown as TaskEvent]),
  };
  const { stdout, exitCode } = await runScripted(['approvals', 'show', 'approval-1'], { tasks });
  expect(exitCode).toBe(0);
  for (const words of [
    preview.hash,
    'expires  in ',
    'nginx  destructive (data-loss)  policy: ask by rule no-cache-loss: it removes files',
    'it was seen only in output',
    '| rm -rf /srv/cache\n    | # hidden',
    'web-1, web-2 (2 hosts): 2 changes pending',
    'deckhand approvals approve approval-1',
  ])
    expect(stdout).toContain(words);
  expect(stdout).not.toContain('\u001b');
  const unknown = await runScripted(['approvals', 'show', 'approval-2'], { tasks });
  expect(unknown).toMatchObject({ exitCode: 2 });
});

test('notify test: who took it and who did not', async () => {
  const error = new DeckhandError('notify.failed', 'webhook https://x: it answered 503.').toJSON();
  const receivers = [
    { channel: 'log /tmp/x', on: ['run-ended'], error: null },
    { channel: 'webhook https://x', on: ['run-failed'], error },
  ];
  const tasks = { testNotifications: async () => await Promise.resolve(receivers) };
  const { stdout, exitCode } = await runScripted(['notify', 'test'], { tasks });
  expect(exitCode).toBe(1);
  expect(stdout).toContain('told  log /tmp/x');
  expect(stdout).toContain('failed  webhook https://x  run-failed\n    webhook https://x: it answered 503.');
});
