import { describe, expect, test } from 'vitest';
import { executed, taskView } from '../api/over-tasks/scripted-task-api.ts';
import type {
  FollowItem,
  NewSchedule,
  QueueLimits,
  RemoveRequest,
  Submission,
  TaskApi,
} from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskEvent, TaskEventBody } from '../core/task-event.ts';
import { sampleApproval as approval } from '../api/over-tasks/scripted-task-api.ts';
import { samplePreview } from '../reports/sample-run.ts';
import { runScripted } from './scripted-surroundings.ts';

const view = taskView({ params: { command: 'uptime' }, title: 'uptime', result: executed });
const submitted = { group: 'group-1', tasks: [view], existed: false };

function submitting(seen: Submission[], existed = false): Partial<TaskApi> {
  return {
    submit: async submission => {
      seen.push(submission);
      return await Promise.resolve({ ...submitted, existed });
    },
  };
}
function event(body: TaskEventBody, seq = 1): TaskEvent {
  return { ...body, task: 'task-1', seq, attempt: 1, time: '2026-01-01T00:00:00.000Z', requestId: 'r' };
}
function following(...items: readonly FollowItem[]): Partial<TaskApi> {
  return {
    task: async () => await Promise.resolve(view),
    async *follow() {
      yield* await Promise.resolve(items);
    },
  };
}

describe('--detach', () => {
  test('exec: the ids on stdout, the way back on stderr, what the flags say in the submission', async () => {
    const seen: Submission[] = [];
    const flags = [
      '--detach',
      '--priority=-5',
      '--tag',
      'a',
      '--tag',
      'b',
      '--category',
      'c',
      '--retries',
      '2',
    ];
    const more = ['--on-lost', 'retry', '--at', '2030-01-01T00:00Z', '--after', 'task-0', '--key', 'k'];
    const run = await runScripted(['exec', 'web-1', ...flags, ...more, '--', 'uptime'], {
      tasks: submitting(seen),
    });
    expect(run).toMatchObject({ exitCode: 0, stdout: 'task-1\n' });
    expect(run.stderr).toBe('to see it: deckhand task logs -f task-1\n');
    expect(seen[0]).toMatchObject({
      kind: 'ssh.execute',
      hosts: 'web-1',
      params: { command: 'uptime' },
      surroundings: { folder: '/work', overrides: {} },
      priority: -5,
      tags: ['a', 'b'],
      category: 'c',
      retry: { limit: 2 },
      onLost: 'retry',
      runAfter: Date.parse('2030-01-01T00:00Z'),
      after: ['task-0'],
      idempotencyKey: 'k',
    });
  });

  test('--in counts from now', async () => {
    const seen: Submission[] = [];
    const before = Date.now();
    await runScripted(['exec', 'a', '--detach', '--in', '1h', '--', 'true'], { tasks: submitting(seen) });
    expect(Number(seen[0]?.runAfter) - before).toBeGreaterThanOrEqual(3_600_000);
  });

  test('a key that is known makes nothing new, and says so', async () => {
    const run = await runScripted(['exec', 'a', '--detach', '--key', 'k', '--json', '--', 'true'], {
      tasks: submitting([], true),
    });
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, group: 'group-1', existed: true });
    expect(run.stderr).toContain('this key is known');
  });

  test.each([
    [['--yes'], 'yes', ''],
    [[], 'ask', 'deckhand approvals list'],
  ])('ask %j: who approves', async (flags, approve, said) => {
    const seen: Submission[] = [];
    const run = await runScripted(['ask', 'x', '--host', 'a', '--detach', ...flags], {
      tasks: submitting(seen),
    });
    expect(seen[0]).toMatchObject({ kind: 'agent.run', params: { intent: 'x', mode: 'run', approve } });
    expect(run.stderr).toContain(said);
  });
});

test('a Ctrl-C names the task that the daemon has; with --local nothing is left to name', async () => {
  const words = async (...flags: readonly string[]) =>
    (await runScripted(['exec', 'web-1', ...flags, '--', 'true'])).interruptWords;
  expect((await words()).at(0)?.second).toContain('deckhand task cancel task-1');
  expect((await words('--local')).at(0)?.second).toBeNull();
  expect((await words()).at(-1)).toBeNull();
});

describe('looking and steering', () => {
  test('task list asks for what the flags say and tells that there is more', async () => {
    const seen: unknown[] = [];
    const tasks: Partial<TaskApi> = {
      tasks: async query => {
        seen.push(query);
        return await Promise.resolve({
          tasks: [view, taskView({ state: 'running', pauseAsked: true })],
          next: 'n',
        });
      },
    };
    const flags = ['--state', 'running,failed', '--host', 'web-1', '--tag', 't', '--limit', '2'];
    const run = await runScripted(['task', 'list', ...flags], { tasks });
    expect(seen).toEqual([{ states: ['running', 'failed'], host: 'web-1', tag: 't', limit: 2 }]);
    expect(run.stdout).toMatch(/^ID +STATE +KIND +HOST +TITLE +AGE +TOOK\n.*uptime.*2\.0 s\n.*pausing/);
    expect(run.stderr).toBe('there are more: deckhand task list --cursor n\n');
  });

  test('task show has state, parameters, error and events; of a plan that waits the plan', async () => {
    const error = new DeckhandError('ssh.refused', 'nothing listens').toJSON();
    const failed = taskView({ state: 'failed', error, params: { command: 'a\u001b[1mb' } });
    const events = [
      event({ kind: 'note', text: 'hello' }),
      event({ kind: 'plan-ready', preview: samplePreview }),
    ];
    const tasks: Partial<TaskApi> = {
      task: async () => await Promise.resolve(failed),
      events: async () => await Promise.resolve(events),
    };
    const { stdout, exitCode } = await runScripted(['task', 'show', 'task-1'], { tasks });
    expect(exitCode).toBe(0);
    for (const text of [
      'state ',
      'failed',
      'ssh.refused: nothing listens',
      'note',
      'hello',
      'Plan 3f9a1c2e41d7',
    ])
      expect(stdout).toContain(text);
    expect(stdout).not.toContain('\u001b');
  });

  test('task cancel waits for the proof; what ended otherwise is 1', async () => {
    const open = taskView({ state: 'running' });
    const cancel = async () => await Promise.resolve([open]);
    const gone = following({ item: 'ended', task: taskView({ state: 'cancelled' }) });
    const late = following({ item: 'ended', task: view });
    const run = async (tasks: Partial<TaskApi>, ...flags: readonly string[]) =>
      await runScripted(['task', 'cancel', 'task-1', ...flags], { tasks: { ...tasks, cancel } });
    expect(await run(gone)).toMatchObject({ exitCode: 0 });
    expect((await run(gone)).stdout).toContain('cancelled');
    expect(await run(late)).toMatchObject({ exitCode: 1 });
    expect(await run({}, '--detach')).toMatchObject({ exitCode: 0 });
  });

  test('task pause ends when it was seen', async () => {
    const open = taskView({ state: 'running', lastSeq: 5 });
    const paused = taskView({ state: 'paused' });
    const states: FollowItem[] = [
      { item: 'event', event: event({ kind: 'task-state', state: 'paused' }, 3), cursor: '3' },
      { item: 'event', event: event({ kind: 'task-state', state: 'paused' }, 6), cursor: '6' },
    ];
    const tasks: Partial<TaskApi> = {
      ...following(...states),
      pause: async () => await Promise.resolve([open]),
      task: async () => await Promise.resolve(paused),
    };
    expect((await runScripted(['task', 'pause', 'task-1'], { tasks })).stdout).toContain('paused');
  });

  test.each([
    ['resume', 'resume'],
    ['retry', 'retry'],
  ] as const)('task %s', async (command, method) => {
    const tasks = { [method]: async () => await Promise.resolve(command === 'retry' ? submitted : [view]) };
    const run = await runScripted(['task', command, 'task-1'], { tasks });
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain('task-1');
  });

  test('task remove asks, or needs --yes; nothing to remove asks nothing', async () => {
    const seen: RemoveRequest[] = [];
    const removing = (count: number): Partial<TaskApi> => ({
      remove: async request => {
        seen.push(request);
        return await Promise.resolve({ count });
      },
    });
    const inputs = ['task', 'remove', '--state', 'failed', '--older-than', '1d'];
    expect(await runScripted(inputs, { tasks: removing(3) })).toMatchObject({ exitCode: 2, stdout: '' });
    expect(seen.every(request => request.dryRun)).toBe(true);
    const asked = await runScripted(inputs, { tasks: removing(3), answers: ['yes'] });
    expect(asked).toMatchObject({ exitCode: 0, stdout: 'removed 3 tasks\n' });
    expect(asked.questions).toEqual(['Remove 3 tasks with all output?']);
    expect(seen.at(-1)).toEqual({ states: ['failed'], olderThan: 86_400_000, dryRun: false });
    expect(await runScripted(inputs, { tasks: removing(3), answers: ['no'] })).toMatchObject({ exitCode: 7 });
    expect((await runScripted(inputs, { tasks: removing(0) })).stdout).toBe('removed 0 tasks\n');
    expect((await runScripted([...inputs, '--yes'], { tasks: removing(1) })).stdout).toBe('removed 1 task\n');
  });

  test('queue limits keeps the hosts that were not named', async () => {
    let limits: QueueLimits = { total: 64, perHost: 8, hosts: { a: 1, b: 2 } };
    const tasks: Partial<TaskApi> = {
      limits: async () => await Promise.resolve(limits),
      setLimits: async wanted => await Promise.resolve((limits = { ...limits, ...wanted })),
    };
    const inputs = ['queue', 'limits', '--total', '5', '--host', 'c=3', '--host', 'a=default'];
    expect((await runScripted(inputs, { tasks })).stdout).toBe('5 in all, 8 per host, b 2, c 3\n');
    expect((await runScripted(['queue', 'limits'], { tasks })).stdout).toBe(
      '5 in all, 8 per host, b 2, c 3\n',
    );
  });

  test('a degraded queue is 1', async () => {
    const health = {
      status: 'degraded',
      problems: ['the disk is full'],
      version: '1',
      pid: 1,
      startedAt: '2026-01-01T00:00:00Z',
      store: '/s',
      executors: [],
      counts: { queued: 2 },
      limits: { total: 1, perHost: 1, hosts: {} },
    } as const;
    const tasks = { health: async () => await Promise.resolve(health) };
    const run = await runScripted(['queue', 'status'], { tasks });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('! the disk is full');
  });

  test.each([
    [['--', 'apt-get', 'update'], { kind: 'ssh.execute', params: { command: 'apt-get update' } }],
    [
      ['--runbook', 'r', '--set', 'p=1', '--yes'],
      { kind: 'agent.run', params: { runbook: 'r', approve: 'yes' } },
    ],
    [['--intent', 'x y'], { kind: 'agent.run', params: { intent: 'x y', approve: 'ask' } }],
  ])('schedule add %j', async (rest, submission) => {
    const seen: NewSchedule[] = [];
    const tasks: Partial<TaskApi> = {
      addSchedule: async schedule => {
        seen.push(schedule);
        const { name, when } = schedule;
        const view = { id: 's-1', name, when, timeZone: 'UTC', missed: 'skip', enabled: true } as const;
        return await Promise.resolve({ ...view, nextAt: null, lastAt: null, kind: 'k', hosts: '@web' });
      },
    };
    const run = await runScripted(['schedule', 'add', 'n', 'every 15m', '--host', '@web', ...rest], {
      tasks,
    });
    expect(run.exitCode).toBe(0);
    expect(seen[0]).toMatchObject({
      name: 'n',
      when: 'every 15m',
      submission: { hosts: '@web', ...submission },
    });
  });

  test('approvals', async () => {
    const seen: unknown[] = [];
    const tasks: Partial<TaskApi> = {
      approvals: async state => await Promise.resolve((seen.push(state), [approval])),
      decide: async (...values) => await Promise.resolve((seen.push(values), view)),
    };
    expect((await runScripted(['approvals', 'list'], { tasks })).stdout).toContain('approval-1');
    await runScripted(['approvals', 'list', '--all'], { tasks });
    await runScripted(['approvals', 'approve', 'approval-1', '--skip', '--note', 'later'], { tasks });
    await runScripted(['approvals', 'decline', 'approval-1'], { tasks });
    expect(seen).toEqual([
      'open',
      null,
      ['approval-1', 'approved', { choice: 'skip', note: 'later' }],
      ['approval-1', 'declined'],
    ]);
  });

  test.each([
    [['start'], 'daemon running'],
    [['stop'], 'stopped process 4711'],
    [['status'], '/run/deckhand.sock'],
    [['logs'], 'listening'],
    [['run'], ''],
  ])('daemon %j', async (words, text) => {
    const run = await runScripted(['daemon', ...words]);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain(text);
  });

  test('store backup names the file absolutely', async () => {
    const backup = async (file: string) => await Promise.resolve({ file, bytes: 7 });
    expect((await runScripted(['store', 'backup', 'b.db'], { tasks: { backup } })).stdout).toBe(
      '/work/b.db: 7 bytes\n',
    );
  });
});
