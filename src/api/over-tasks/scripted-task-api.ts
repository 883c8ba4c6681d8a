import { DeckhandError } from '../../core/deckhand-error.ts';
import type { TaskEventBody } from '../../core/task-event.ts';
import type { Approval } from '../../core/task.ts';
import type { FollowItem, Question, Submission, TaskApi, TaskView } from '../task-api.ts';

/** For tests only: a task that ran on web-1 and succeeded. */
export function taskView(part: Partial<TaskView> = {}): TaskView {
  return {
    id: 'task-1',
    group: 'group-1',
    kind: 'ssh.execute',
    host: 'web-1',
    params: {},
    title: 'a task',
    category: 'general',
    tags: [],
    priority: 0,
    onLost: 'hold',
    retry: { limit: 0, pause: 1000, longestPause: 60_000 },
    dependsOn: [],
    onDependencyFailed: 'skip',
    idempotencyKey: null,
    retryOf: null,
    requestId: 'req-1',
    state: 'succeeded',
    phase: null,
    runAfter: 0,
    attempt: 1,
    claim: 1,
    crashes: 0,
    begun: true,
    cancelAsked: 'no',
    pauseAsked: false,
    progress: null,
    result: null,
    error: null,
    createdAt: 1000,
    startedAt: 1000,
    finishedAt: 3000,
    lastSeq: 1,
    ...part,
  };
}

/** For tests only: a question that waits for a person. */
export const sampleApproval: Approval = {
  id: 'approval-1',
  task: 'task-1',
  hash: 'abcdef0123456789',
  title: 'a plan',
  state: 'open',
  askedAt: 0,
  expiresAt: 10,
  decidedBy: null,
  decidedAt: null,
  kind: 'plan',
  about: {},
  choice: null,
  note: null,
  uses: 1,
  validUntil: null,
};

/** What `ssh.execute` gives for `true`. */
export const executed = {
  verdict: 'succeeded',
  exitCode: 0,
  signal: null,
  stdoutBytes: 0,
  stderrBytes: 0,
  truncated: false,
  duration: 5,
  runId: 'run-1',
};

type Calls = (readonly [string, ...unknown[]])[];

/** What a test lets happen, one item after the other. */
export interface Scene {
  readonly tell: (item: FollowItem) => void;
  readonly submitted: (...tasks: readonly TaskView[]) => void;
  readonly event: (body: TaskEventBody, task?: string) => void;
  readonly output: (
    task: string,
    stream: 'stdout' | 'stderr',
    text: string,
    at?: number,
    attempt?: number,
  ) => void;
  /** Settles with what was answered. */
  readonly ask: (question: Question) => Promise<unknown>;
  /** Settles with the first call of this method. */
  readonly called: (method: string) => Promise<readonly unknown[]>;
  readonly end: (...tasks: readonly TaskView[]) => void;
}

/** For tests only: a task api whose follower is told what `play` tells. Every call is kept in `calls`. */
export function scriptedTaskApi(
  play: (scene: Scene, submission: Submission) => Promise<void> | void,
  own: Partial<TaskApi> = {},
): { readonly tasks: TaskApi; readonly calls: Calls } {
  const calls: Calls = [];
  const waiting = new Map<string, (values: readonly unknown[]) => void>();
  const called = (method: string, ...values: unknown[]): void => {
    calls.push([method, ...values]);
    waiting.get(method)?.(values);
  };
  const methods = {
    async *submitAndFollow(submission: Submission, { signal }: { readonly signal: AbortSignal }) {
      calls.push(['submitAndFollow', submission]);
      const items: (FollowItem | Error | null)[] = [];
      let wake = Promise.withResolvers<void>();
      const put = (item: FollowItem | Error | null): void => {
        items.push(item);
        wake.resolve();
      };
      signal.addEventListener('abort', () => put(new Error('aborted')));
      const scene = sceneOf(item => put(item), waiting, calls);
      void Promise.resolve(play(scene, submission)).then(
        () => put(null),
        error => put(error as Error),
      );
      while (true) {
        await wake.promise;
        wake = Promise.withResolvers();
        for (const item of items.splice(0)) {
          if (item === null) return;
          if (item instanceof Error) throw item;
          yield item;
        }
      }
    },
    cancel: async (...values: unknown[]) => await Promise.resolve(called('cancel', ...values) ?? []),
    decide: async (...values: unknown[]) => await Promise.resolve(called('decide', ...values) ?? taskView()),
    answer: async (task: string, question: string, answer: unknown) => {
      called('answer', task, question, answer);
      waiting.get(`answer ${question}`)?.([answer]);
      return await Promise.resolve(true);
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(called('dispose')),
  };
  const tasks = new Proxy(
    { ...methods, ...own },
    {
      get(target, name) {
        if (name in target) return target[name as keyof typeof target];
        return () => {
          throw new DeckhandError('internal.defect', `${String(name)} is not in the script.`);
        };
      },
    },
  );
  return { tasks: tasks as unknown as TaskApi, calls };
}

function sceneOf(
  tell: (item: FollowItem) => void,
  waiting: Map<string, (values: readonly unknown[]) => void>,
  calls: Calls,
): Scene {
  let seq = 0;
  return {
    tell,
    submitted: (...tasks) =>
      tell({ item: 'submitted', submitted: { group: 'group-1', tasks, existed: false } }),
    event(body, task = 'task-1') {
      seq += 1;
      const event = {
        ...body,
        task,
        seq: seq * 10,
        attempt: 1,
        time: '2026-01-01T00:00:00Z',
        requestId: 'req-1',
      };
      tell({ item: 'event', event, cursor: String(seq) });
    },
    output: (task, stream, text, at = 0, attempt = 1) =>
      tell({
        item: 'output',
        task,
        attempt,
        pieces: [{ stream, at, bytes: Buffer.from(text) }],
        cursor: '0',
      }),
    async ask(question) {
      const answered = new Promise<readonly unknown[]>(resolve => {
        waiting.set(`answer ${question.id}`, resolve);
      });
      tell({ item: 'question', question });
      return (await answered)[0];
    },
    called: async method => {
      const known = calls.find(([name]) => name === method);
      if (known) return known.slice(1);
      return await new Promise(resolve => {
        waiting.set(method, resolve);
      });
    },
    end: (...tasks) => {
      for (const task of tasks) tell({ item: 'ended', task });
    },
  };
}
