import { describe, expect, test } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RunEvent } from '../../core/run-event.ts';
import type { PlanPreview, RunReport } from '../../core/run-report.ts';
import type { CallOptions, ExecRequest, PersonPrompts, RunRequest } from '../contract.ts';
import type { Question, TaskApi } from '../task-api.ts';
import { deckhandOverTasks, type OverTasksOptions } from './deckhand-over-tasks.ts';
import { executed, type Scene, scriptedTaskApi, taskView } from './scripted-task-api.ts';

const surroundings = { folder: '/work', overrides: {} };
const request: ExecRequest = { hosts: 'web-1', command: 'true', root: false, direct: false };
const running = taskView({ state: 'running' });

function over(
  play: Parameters<typeof scriptedTaskApi>[0],
  options: Partial<OverTasksOptions> = {},
  own: Partial<TaskApi> = {},
) {
  const { tasks, calls } = scriptedTaskApi(play, own);
  const api = deckhandOverTasks(tasks, { surroundings, prompts: {}, now: () => 0, ...options });
  return { api, calls };
}
function call(part: Partial<CallOptions> = {}): CallOptions {
  return { signal: new AbortController().signal, ...part };
}

describe('exec', () => {
  test('the submission carries request, input, surroundings and what the person added', async () => {
    const { api, calls } = over(
      scene => {
        scene.submitted(running);
        scene.end(taskView({ result: executed }));
      },
      { extras: { priority: 5, tags: ['a'] } },
    );
    const stdin = new Uint8Array([1]);
    await api.exec({ ...request, root: true, timeout: 1000, stdin }, call());
    expect(calls[0]?.[1]).toEqual({
      kind: 'ssh.execute',
      hosts: 'web-1',
      params: { command: 'true', root: true, direct: false, timeout: 1000 },
      input: stdin,
      surroundings,
      priority: 5,
      tags: ['a'],
    });
  });

  test('results come in the order of the tasks, with what each put out, whatever order they end in', async () => {
    const events: RunEvent[] = [];
    const { api } = over(scene => {
      scene.submitted(running, taskView({ id: 'task-2', host: 'web-2' }));
      scene.output('task-2', 'stdout', 'two');
      scene.output('task-1', 'stderr', 'oh');
      scene.event({ kind: 'task-started', claim: 1, executor: 'a' });
      const failed = new DeckhandError('command.failed', 'web-2: exit code 3.').toJSON();
      const result = { ...executed, verdict: 'failed', exitCode: 3, stdoutBytes: 3 };
      scene.end(taskView({ id: 'task-2', host: 'web-2', state: 'failed', error: failed, result }));
      scene.end(taskView({ result: { ...executed, stderrBytes: 2 } }));
    });
    const { results } = await api.exec(request, call({ onEvent: event => events.push(event) }));
    expect(results).toMatchObject([
      { host: 'web-1', task: 'task-1', verdict: 'succeeded', exitCode: 0, truncated: false },
      { host: 'web-2', verdict: 'failed', exitCode: 3, error: { code: 'command.failed' } },
    ]);
    expect(
      results.map(result => [result.stdout, result.stderr].map(bytes => Buffer.from(bytes).toString())),
    ).toEqual([
      ['', 'oh'],
      ['two', ''],
    ]);
    expect(events).toMatchObject([
      { kind: 'output', host: 'web-2', seq: 1 },
      { kind: 'output', host: 'web-1', seq: 2 },
    ]);
  });

  test('beyond the limit bytes are counted, not kept; what comes twice counts once', async () => {
    const { api } = over(scene => {
      scene.submitted(running);
      scene.output('task-1', 'stdout', 'abcd');
      scene.output('task-1', 'stdout', 'cdef', 2);
      scene.end(taskView({ result: { ...executed, stdoutBytes: 6 } }));
    });
    const { results } = await api.exec({ ...request, outputLimit: 5 }, call());
    expect(Buffer.from(results[0]?.stdout ?? []).toString()).toBe('abcde');
    expect(results[0]).toMatchObject({ stdoutBytes: 6, truncated: true });
  });

  test('only the newest attempt counts', async () => {
    const { api } = over(scene => {
      scene.submitted(running);
      scene.output('task-1', 'stdout', 'first');
      scene.output('task-1', 'stdout', 'again', 0, 2);
      scene.output('task-1', 'stdout', 'late', 5, 1);
      scene.end(taskView({ result: { ...executed, stdoutBytes: 5 }, attempt: 2 }));
    });
    const { results } = await api.exec(request, call());
    expect(Buffer.from(results[0]?.stdout ?? []).toString()).toBe('again');
  });

  test.each([
    ['cancelled', 'command.cancelled'],
    ['lost', 'task.lost'],
    ['skipped', 'task.dependency-failed'],
  ] as const)('a task that is %s without a word is %s', async (state, code) => {
    const { api } = over(scene => {
      scene.submitted(running);
      scene.end(taskView({ state }));
    });
    const { results } = await api.exec(request, call());
    expect(results).toMatchObject([{ verdict: 'error', runId: null, error: { code } }]);
  });

  test('an error of the submission is thrown', async () => {
    const { api } = over(() => {
      throw new DeckhandError('fleet.unknown-host', 'no such host');
    });
    await expect(api.exec(request, call())).rejects.toMatchObject({ code: 'fleet.unknown-host' });
  });
});

describe('stopping', () => {
  test('an abort cancels the group, not by force, and waits for its end', async () => {
    const controller = new AbortController();
    const ended: string[] = [];
    const { api, calls } = over(
      async scene => {
        scene.submitted(running);
        controller.abort();
        expect(await scene.called('cancel')).toEqual(['group-1', false]);
        const error = new DeckhandError('command.cancelled', 'web-1: cancelled, seen.').toJSON();
        scene.end(taskView({ state: 'cancelled', error }));
      },
      { onCancelled: tasks => ended.push(...tasks.map(task => task.id)) },
    );
    const { results } = await api.exec(request, call({ signal: controller.signal }));
    expect(results).toMatchObject([{ error: { code: 'command.cancelled' } }]);
    expect(ended).toEqual(['task-1']);
    expect(calls.filter(([name]) => name === 'cancel')).toHaveLength(1);
  });

  test('an abort before the group is known cancels as soon as it is', async () => {
    const controller = new AbortController();
    const { api } = over(async scene => {
      controller.abort();
      scene.submitted(running);
      await scene.called('cancel');
      scene.end(taskView({ state: 'cancelled' }));
    });
    const { results } = await api.exec(request, call({ signal: controller.signal }));
    expect(results).toMatchObject([{ error: { code: 'command.cancelled' } }]);
  });

  test('a cancel that is not proved in time is said to be unproved', async () => {
    const controller = new AbortController();
    const forever = Promise.withResolvers<void>();
    const ended: unknown[] = [];
    const { api } = over(
      async scene => {
        scene.submitted(running);
        controller.abort();
        await forever.promise;
      },
      { cancelPatience: 1, onCancelled: tasks => ended.push(tasks) },
    );
    const { results } = await api.exec(request, call({ signal: controller.signal }));
    expect(results).toMatchObject([{ error: { code: 'command.cancel-unproved' } }]);
    expect(ended).toEqual([]);
    forever.resolve();
  });

  test('a daemon that cannot be asked to cancel is an error', async () => {
    const controller = new AbortController();
    const cancel = async (): Promise<never> =>
      await Promise.reject(new DeckhandError('daemon.unreachable', 'gone'));
    const forever = Promise.withResolvers<void>();
    const { api } = over(
      async scene => {
        scene.submitted(running);
        controller.abort();
        await forever.promise;
      },
      {},
      { cancel },
    );
    await expect(api.exec(request, call({ signal: controller.signal }))).rejects.toMatchObject({
      code: 'daemon.unreachable',
    });
    forever.resolve();
  });

  test('nothing is submitted when it was stopped before', async () => {
    const { api, calls } = over(() => {});
    await expect(api.exec(request, call({ signal: AbortSignal.abort() }))).rejects.toThrow();
    expect(calls).toEqual([]);
  });
});

describe('questions', () => {
  const ask = async (
    question: Omit<Question, 'id' | 'task' | 'host'> & { readonly ask: Question['ask'] },
    prompts: PersonPrompts,
  ): Promise<unknown> => {
    let answer: unknown;
    const { api } = over(
      async scene => {
        scene.submitted(running);
        answer = await scene.ask({ id: 'q', task: 'task-1', host: 'web-1', ...question } as Question);
        scene.end(taskView({ state: 'cancelled' }));
      },
      { prompts },
    );
    await api.exec(request, call());
    return answer;
  };
  const key = { ask: 'accept-host-key', keyType: 'ssh-ed25519', fingerprint: 'SHA256:a' } as const;

  test.each([
    [
      { ask: 'password', user: 'root' } as const,
      { password: async (host: string, user: string) => await Promise.resolve(`${user}@${host}`) },
      'root@web-1',
    ],
    [
      { ask: 'passphrase', keyFile: '/k' } as const,
      { passphrase: async (file: string) => await Promise.resolve(file) },
      '/k',
    ],
    [
      { ask: 'sudo-password' } as const,
      { sudoPassword: async (host: string) => await Promise.resolve(host) },
      'web-1',
    ],
    [key, { acceptHostKey: async () => await Promise.resolve(true) }, 'yes'],
    [key, { acceptHostKey: async () => await Promise.resolve(false) }, 'no'],
    [key, {}, null],
    [{ ask: 'sudo-password' } as const, {}, null],
    [{ ask: 'from the future' } as unknown as { ask: 'password' }, {}, null],
  ])('%j is put to the person', async (question, prompts, answer) => {
    expect(await ask(question, prompts)).toBe(answer);
  });

  test('a question that is left stops the work', async () => {
    const left = async (): Promise<never> =>
      await Promise.reject(new DeckhandError('command.cancelled', 'left'));
    const { api, calls } = over(
      async scene => {
        scene.submitted(running);
        await scene.ask({ id: 'q', task: 'task-1', host: 'web-1', ask: 'sudo-password' });
        await scene.called('cancel');
        scene.end(taskView({ state: 'cancelled' }));
      },
      { prompts: { sudoPassword: left } },
    );
    const { results } = await api.exec(request, call());
    expect(results).toMatchObject([{ error: { code: 'command.cancelled' } }]);
    expect(calls).toContainEqual(['answer', 'task-1', 'q', null]);
  });
});

describe('runs', () => {
  const preview = { hash: 'abc', plan: { goal: 'g' }, steps: [], hosts: [] } as unknown as PlanPreview;
  const report = { version: 1, outcome: 'proved', hosts: [] } as unknown as RunReport;
  const wish: RunRequest = { hosts: 'web-1', intent: 'x', confirm: 'plan' };
  const run = taskView({ kind: 'agent.run', host: null });
  const waiting = (scene: Scene): void => {
    scene.submitted(run);
    scene.event({ kind: 'plan-ready', preview });
    scene.event({ kind: 'approval-requested', hash: 'abc', title: 'g on web-1', approval: 'approval-1' });
    // the approval is kept with this move; answered before, it would be unknown
    scene.event({ kind: 'task-state', state: 'waiting-approval' });
  };

  test.each([
    ['approve', 'approved'],
    ['decline', 'declined'],
  ] as const)('%s goes to the approval that waits, with the plan it is for', async (answer, decision) => {
    let asked: unknown;
    const { api, calls } = over(async scene => {
      waiting(scene);
      expect(await scene.called('decide')).toEqual(['approval-1', decision]);
      scene.end({ ...run, result: { report } });
    });
    const approve: CallOptions['approve'] = async question => {
      asked = question;
      return await Promise.resolve(answer);
    };
    expect(await api.run(wish, call({ approve }))).toBe(report);
    expect(asked).toEqual({ hash: 'abc', title: 'g on web-1', preview });
    expect(calls[0]?.[1]).toMatchObject({
      kind: 'agent.run',
      params: { intent: 'x', mode: 'run', approve: 'ask', confirm: 'plan', parameters: {} },
    });
  });

  test('a question about the plan that is left declines it', async () => {
    const { api } = over(async scene => {
      waiting(scene);
      expect(await scene.called('decide')).toEqual(['approval-1', 'declined']);
      const error = new DeckhandError('approval.declined', 'declined').toJSON();
      scene.end({ ...run, state: 'cancelled', error });
    });
    const approve = async (): Promise<never> => await Promise.reject(new Error('left'));
    await expect(api.run(wish, call({ approve }))).rejects.toMatchObject({ code: 'approval.declined' });
  });

  test.each([
    [{ ...wish, approved: true }, 'yes'],
    [wish, 'none'],
  ])('who approves is said when it is submitted', async (given, approve) => {
    const { api, calls } = over(scene => {
      scene.submitted(run);
      scene.end({ ...run, result: { report } });
    });
    await api.run(given, call());
    expect(calls[0]?.[1]).toMatchObject({ params: { approve } });
  });

  test('a step is asked about with its plan; nobody to ask is no answer', async () => {
    const answers: unknown[] = [];
    const question = {
      id: 'q',
      task: 'task-1',
      host: 'web-1',
      ask: 'approve-step',
      hash: 'abc',
      stepId: 's',
      title: 't',
    } as const;
    const play = async (scene: Scene): Promise<void> => {
      scene.submitted(run);
      scene.event({ kind: 'plan-ready', preview });
      answers.push(await scene.ask(question));
      scene.end({ ...run, result: { report } });
    };
    const approve: CallOptions['approve'] = async ({ stepId, preview: shown }) =>
      await Promise.resolve(stepId === 's' && shown === preview ? 'skip' : 'decline');
    await over(play).api.run({ ...wish, confirm: 'steps' }, call({ approve }));
    await over(play).api.run({ ...wish, confirm: 'steps' }, call());
    expect(answers).toEqual(['skip', null]);
  });

  test('a preview is looked at only; a failure is thrown with its hint', async () => {
    const error = new DeckhandError('plan.no-match', 'nothing fits', { hint: 'try x' }).toJSON();
    const good = over(scene => {
      scene.submitted(run);
      scene.end({ ...run, result: { preview } });
    });
    expect(await good.api.plan(wish, call())).toBe(preview);
    expect(good.calls[0]?.[1]).toMatchObject({ params: { mode: 'preview', approve: 'none' } });
    const bad = over(scene => {
      scene.submitted(run);
      scene.end({ ...run, state: 'failed', error });
    });
    await expect(bad.api.plan(wish, call())).rejects.toMatchObject({ code: 'plan.no-match', hint: 'try x' });
  });
});

describe('questions to hosts', () => {
  test('what a host says, and a host that cannot be asked', async () => {
    const error = new DeckhandError('ssh.refused', 'nothing listens').toJSON();
    const refused = taskView({ id: 'task-2', host: 'web-2', state: 'failed', error });
    const scene = (result: object) => (stage: Scene) => {
      stage.submitted(running, taskView({ id: 'task-2', host: 'web-2' }));
      stage.end(taskView({ result: { ...result } }), refused);
    };
    const stages = [{ name: 'reachable', ok: true, latency: 1, text: '' }];
    const tested = await over(scene({ ok: true, stages })).api.testHosts('@web', call());
    expect(tested).toEqual([
      { host: 'web-1', ok: true, stages },
      { host: 'web-2', ok: false, stages: [], error },
    ]);
    const facts = await over(scene({ facts: { a: 1 }, age: 7 })).api.hostFacts('@web', true, call());
    expect(facts).toEqual([
      { host: 'web-1', facts: { a: 1 }, age: 7 },
      { host: 'web-2', facts: null, age: 0, error },
    ]);
    const finding = { subject: 'web-1', id: 'x', status: 'ok', message: 'm', fix: null } as const;
    const local = { ...finding, subject: 'this machine' };
    const own = { doctor: async () => await Promise.resolve([local]) };
    const { api } = over(scene({ findings: [finding] }), {}, own);
    expect(await api.doctor('@web', call())).toEqual([
      local,
      finding,
      {
        subject: 'web-2',
        id: 'not-asked',
        status: 'fail',
        message: 'ssh.refused: nothing listens',
        fix: error.hint,
      },
    ]);
    expect(await api.doctor(null, call())).toEqual([local]);
  });
});
