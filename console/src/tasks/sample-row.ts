import type { TaskRow } from 'deckhand/client';

/** For tests only: a task that runs. */
export function sampleRow(part: Partial<TaskRow>): TaskRow {
  return {
    id: 'task-1',
    group: 'group-1',
    kind: 'ssh.execute',
    host: 'web-1',
    title: 'uptime',
    category: '',
    tags: [],
    priority: 0,
    onLost: 'hold',
    retry: { limit: 0, pause: 0, longestPause: 0 },
    dependsOn: [],
    onDependencyFailed: 'skip',
    idempotencyKey: null,
    retryOf: null,
    requestId: 'request-1',
    state: 'running',
    phase: null,
    runAfter: 0,
    attempt: 1,
    claim: 1,
    crashes: 0,
    begun: true,
    cancelAsked: 'no',
    pauseAsked: false,
    progress: null,
    error: null,
    createdAt: 0,
    startedAt: 0,
    finishedAt: null,
    lastSeq: 1,
    ...part,
  };
}
