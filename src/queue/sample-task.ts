import type { NewTask, TaskRecord } from '../core/task.ts';

/** A task to be, for tests. */
export function sampleNewTask(change: Partial<NewTask> = {}): NewTask {
  return {
    id: 'task-1',
    group: 'group-1',
    kind: 'test.work',
    host: null,
    params: {},
    input: null,
    surroundings: { folder: '/', overrides: {} },
    title: 'some work',
    category: 'test',
    tags: [],
    priority: 0,
    onLost: 'hold',
    retry: { limit: 0, pause: 1000, longestPause: 60_000 },
    runAfter: null,
    dependsOn: [],
    onDependencyFailed: 'skip',
    idempotencyKey: null,
    retryOf: null,
    requestId: 'req-1',
    ...change,
  };
}

/** A running task, for tests. */
export function sampleTask(change: Partial<TaskRecord> = {}): TaskRecord {
  const { input: _input, ...task } = sampleNewTask();
  return {
    ...task,
    state: 'running',
    phase: null,
    runAfter: 0,
    attempt: 1,
    claim: 1,
    crashes: 0,
    begun: false,
    cancelAsked: 'no',
    pauseAsked: false,
    progress: null,
    result: null,
    error: null,
    createdAt: 0,
    startedAt: 0,
    finishedAt: null,
    lastSeq: 0,
    ...change,
  };
}
