import { describe, expect, test } from 'vitest';
import { executed, taskView } from '../api/over-tasks/scripted-task-api.ts';
import type { FollowItem, TaskApi } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskEvent, TaskEventBody } from '../core/task-event.ts';
import { sampleApproval as approval } from '../api/over-tasks/scripted-task-api.ts';
import { provedReport } from '../reports/sample-run.ts';
import { runScripted } from './scripted-surroundings.ts';

const view = taskView({ params: { command: 'uptime' }, title: 'uptime', result: executed });

function event(body: TaskEventBody, seq = 1): TaskEvent {
  return { ...body, task: 'task-1', seq, attempt: 1, time: '2026-01-01T00:00:00.000Z', requestId: 'r' };
}
function output(task: string, stream: 'stdout' | 'stderr', text: string, attempt = 1): FollowItem {
  return {
    item: 'output',
    task,
    attempt,
    pieces: [{ stream, at: 0, bytes: Buffer.from(text, 'latin1') }],
    cursor: `${task}.1`,
  };
}
function following(...items: readonly FollowItem[]): Partial<TaskApi> {
  return {
    task: async () => await Promise.resolve(view),
    async *follow() {
      yield* await Promise.resolve(items);
    },
  };
}

describe('task logs', () => {
  test('-f: bytes as they were, and the remote exit code', async () => {
    const failed = taskView({
      state: 'failed',
      result: { ...executed, verdict: 'failed', exitCode: 42 },
      error: new DeckhandError('command.failed', 'exit 42').toJSON(),
    });
    const tasks = following(
      output('task-1', 'stdout', 'a\u00ff\u001b[1m'),
      output('task-1', 'stderr', 'oh'),
      { item: 'ended', task: failed },
    );
    const run = await runScripted(['task', 'logs', '-f', 'task-1'], { tasks });
    expect(run).toMatchObject({ exitCode: 42, stdout: 'a\u00ff\u001b[1m', stderr: 'oh' });
    const shown = await runScripted(['task', 'logs', '-f', 'task-1'], { tasks, terminal: true });
    expect(shown.stdout).not.toContain('\u001b');
  });

  test('of several tasks each has a heading on stderr', async () => {
    const other = taskView({ id: 'task-2', host: 'web-2', result: executed });
    const tasks: Partial<TaskApi> = {
      ...following(
        output('task-1', 'stdout', 'one\n'),
        output('task-2', 'stdout', 'two\n'),
        output('task-2', 'stdout', 'three\n', 2),
        { item: 'ended', task: view },
        { item: 'ended', task: other },
      ),
      task: async () => await Promise.reject(new DeckhandError('task.unknown', 'no')),
      tasks: async () => await Promise.resolve({ tasks: [other, view], next: null }),
    };
    const run = await runScripted(['task', 'logs', '-f', 'group-1'], { tasks });
    expect(run).toMatchObject({ exitCode: 0, stdout: 'one\ntwo\nthree\n' });
    expect(run.stderr).toBe('==> web-1 <==\n==> web-2 <==\n==> web-2, attempt 2 <==\n');
  });

  test('what waits for an approval is told while it waits; a run shows its report', async () => {
    const waits: FollowItem = {
      item: 'event',
      event: event({ kind: 'task-state', state: 'waiting-approval' }),
      cursor: '1',
    };
    const ended = taskView({ kind: 'agent.run', host: null, result: { report: provedReport } });
    const tasks: Partial<TaskApi> = {
      ...following(waits, { item: 'ended', task: ended }),
      approvals: async () =>
        await Promise.resolve([
          { ...approval, id: 'approval-1', task: 'another' },
          { ...approval, id: 'approval-2', task: 'task-1' },
        ]),
    };
    const run = await runScripted(['task', 'logs', '-f', 'task-1'], { tasks });
    expect(run.stderr).toBe('waits for an approval: deckhand approvals approve approval-2\n');
    expect(run.stdout).toContain('[run-proof]');
  });

  test('Ctrl-C leaves the task alone and names the place to go on from', async () => {
    const controller = new AbortController();
    const tasks: Partial<TaskApi> = {
      task: async () => await Promise.resolve(view),
      async *follow() {
        yield await Promise.resolve(output('task-1', 'stdout', 'one'));
        controller.abort();
      },
    };
    const run = await runScripted(['task', 'logs', '-f', 'task-1'], { tasks, signal: controller.signal });
    expect(run).toMatchObject({ exitCode: 130, stdout: 'one' });
    expect(run.stderr).toContain('deckhand task logs -f task-1 --after task-1.1');
    expect(run.interruptWords[0]).toEqual({ first: null, second: null });
  });

  test('a question is put to the person who follows', async () => {
    const answered: unknown[] = [];
    const question = { id: 'q', task: 'task-1', host: 'web-1', ask: 'sudo-password' } as const;
    const tasks: Partial<TaskApi> = {
      ...following({ item: 'question', question }, { item: 'ended', task: view }),
      answer: async (...values) => await Promise.resolve(answered.push(values) > 0),
    };
    const run = await runScripted(['task', 'logs', '-f', 'task-1'], { tasks, answers: ['pw'] });
    expect(run.questions).toEqual(['sudo password on web-1']);
    expect(answered).toEqual([['task-1', 'q', 'pw']]);
  });

  test('without -f page after page; --json is one document', async () => {
    const pages = { first: 'one ', second: 'two' };
    const tasks: Partial<TaskApi> = {
      task: async () => await Promise.resolve(view),
      events: async () => await Promise.resolve([]),
      output: async (_, after) => {
        const text = after === null ? pages.first : pages.second;
        const pieces = [{ stream: 'stdout' as const, at: after === null ? 0 : 4, bytes: Buffer.from(text) }];
        return await Promise.resolve({ pieces, next: after === null ? 'c' : null });
      },
    };
    expect(await runScripted(['task', 'logs', 'task-1'], { tasks })).toMatchObject({
      exitCode: 0,
      stdout: 'one two',
      stderr: '',
    });
    const { stdout } = await runScripted(['task', 'logs', 'task-1', '--json'], { tasks });
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, tasks: [{ task: 'task-1', stdout: 'one two' }] });
  });
});
