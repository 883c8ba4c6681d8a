import type { AttachedModel } from '../../core/attached-model.ts';
import { sampleFiles } from './fake-files.ts';
import { sampleApproval, taskView } from '../over-tasks/scripted-task-api.ts';
import type { FollowItem, QueueLimits, Submitted, TaskApi, TaskView } from '../task-api.ts';

/** A method of the contract, by name. */
export type Method = Exclude<keyof TaskApi, symbol>;

/** A task as tests need it: it runs, and its parameters are not all ASCII. */
export function sampleTask(id: string): TaskView {
  return taskView({
    id,
    host: 'web1',
    params: { command: 'echo grüße' },
    title: 'echo',
    tags: ['a'],
    requestId: 'request-1',
    state: 'running',
    phase: 'running',
    finishedAt: null,
    lastSeq: 3,
  });
}

export const sampleSubmitted: Submitted = {
  group: 'group-1',
  tasks: [sampleTask('task-1')],
  existed: false,
};

/**
 * An engine for tests of the transport: notes every call, answers the same always. `behaviour` replaces
 * methods one by one.
 */
export class FakeTaskApi {
  readonly calls: { readonly method: string; readonly given: readonly unknown[] }[] = [];
  readonly api: TaskApi;

  constructor(behaviour: Partial<TaskApi> = {}) {
    const note = <Given extends readonly unknown[], Answer>(
      method: string,
      answer: (...given: Given) => Answer,
    ): ((...given: Given) => Answer) => {
      return (...given) => {
        this.calls.push({ method, given });
        return answer(...given);
      };
    };
    const methods = { ...sampleBehaviour, ...behaviour };
    this.api = Object.fromEntries(
      Reflect.ownKeys(methods).map(key => {
        const method = methods[key as Method] as (...given: readonly unknown[]) => unknown;
        return [key, typeof key === 'string' ? note(key, method) : method];
      }),
    ) as unknown as TaskApi;
  }
}

const usage = {
  promptTokens: 22,
  cachedTokens: 0,
  completionTokens: 19,
  tokensPerSecond: 99.5,
  firstToken: 4,
  duration: 20,
  resumed: 0,
};
const conversation = {
  id: 'chat-1',
  title: 'grüße',
  model: 'tiny',
  createdAt: 1,
  changedAt: 2,
  messages: 2,
};
const servedModel = {
  model: 'tiny',
  server: 'web1/tiny',
  kind: 'deployment',
  context: 2048,
  tokensPerSecond: 99.5,
  slots: 4,
  running: 0,
  error: null,
} as const;
const limits: QueueLimits = { total: 8, perHost: 2, hosts: { web1: 1 } };
const schedule = {
  id: 'schedule-1',
  name: 'nightly',
  when: '0 3 * * *',
  timeZone: 'UTC',
  missed: 'skip',
  enabled: true,
  nextAt: null,
  lastAt: null,
  kind: 'ssh.execute',
  hosts: 'web1',
} as const;
const deployment = {
  host: 'web1',
  name: 'tiny',
  engine: 'llama.cpp',
  version: '1',
  release: 'abcdef0123',
  previous: null,
  model: { sha256: 'ab', size: 1, name: 'tiny', file: 'tiny.gguf' },
  context: 2048,
  service: 'user',
  folder: '/s/llm/tiny',
  listen: { path: '/s/llm/tiny/run/live.sock' },
  keyFile: '/s/llm/tiny/apikey',
  params: { name: 'tiny', model: '/m/tiny.gguf', listen: 'auto', service: 'auto' },
  deployedAt: 1,
} as const;
const attached = {
  kind: 'attached',
  host: 'web1',
  name: 'ollama',
  engine: 'ollama',
  version: '0.5.0',
  listen: { host: '127.0.0.1', port: 11_434 },
  tls: false,
  base: '',
  keyFile: null,
  readiness: 'ready',
  models: ['qwen2.5:7b'],
  attachedAt: 1,
} satisfies AttachedModel;
const tunnel = {
  name: 'web',
  host: 'web1',
  forward: { kind: 'dynamic', listen: { host: '127.0.0.1', port: 1080 } },
  state: 'up',
  task: 'task-1',
  status: null,
  error: null,
} as const;
const fileFacts = { hash: 'ab', mode: '0644', owner: 'root', group: 'root' };
const token = {
  name: 'ci',
  role: 'operator',
  kinds: null,
  hosts: null,
  createdAt: 1,
  expiresAt: null,
  lastUsedAt: null,
} as const;
const planningRecord = {
  number: 1,
  role: 'plan',
  model: 'web1/tiny',
  schemaName: 'plan',
  question: 'ab',
  startedAt: 1,
  duration: 2,
  instructions: 'You plan.',
  prompt: 'grüße',
  turns: [{ answer: '{}', fault: 'goal: missing' }],
  requests: 1,
  usage: { promptTokens: 1, completionTokens: 2, cost: null },
  tokens: 3,
  isWhole: true,
  error: null,
} as const;
const runbook = { name: 'nginx', title: 'Install nginx', parameters: [], examples: ['install nginx'] };

const sampleBehaviour: TaskApi = {
  ...sampleFiles(sampleSubmitted),
  lines: async () => ({
    attempt: 1,
    total: 1,
    lines: [{ number: 1, stream: 'stdout', text: 'grüße', cut: 0, time: 1, open: false }],
    next: null,
  }),
  async *changes() {
    yield { item: 'hello', version: '1.2.3', counts: { running: 1 } };
    yield { item: 'lines', task: 'task-1', attempt: 1, total: 7 };
  },
  submit: async () => sampleSubmitted,
  async *submitAndFollow() {
    yield { item: 'submitted', submitted: sampleSubmitted };
    yield* sampleItems();
  },
  follow: sampleItems,
  answer: async () => true,
  tasks: async () => ({ tasks: [sampleTask('task-1')], next: 'cursor-2' }),
  task: async id => sampleTask(id),
  events: async () => [sampleEvent(4)],
  output: async () => ({
    pieces: [{ stream: 'stderr', at: 7, bytes: new Uint8Array([0, 255, 10]) }],
    next: 'cursor-3',
  }),
  cancel: async id => [sampleTask(id)],
  pause: async id => [sampleTask(id)],
  resume: async id => [sampleTask(id)],
  retry: async () => sampleSubmitted,
  report: async (id, form) => ({ name: `${id}.md`, type: `text/${form}`, text: '# grüße\n' }),
  remove: async () => ({ count: 3 }),
  approvals: async () => [
    { ...sampleApproval, hash: 'abc', title: 'Install nginx', askedAt: 1, expiresAt: 2 },
  ],
  decide: async () => sampleTask('task-1'),
  tunnels: async () => [tunnel],
  tunnel: async () => tunnel,
  startTunnel: async () => tunnel,
  stopTunnel: async () => tunnel,
  removeTunnel: async () => {},
  pauseQueue: async () => {},
  resumeQueue: async () => {},
  limits: async () => limits,
  setLimits: async changed => ({ ...limits, ...changed }),
  statistics: async () => ({
    byState: { succeeded: 2 },
    successRate: 1,
    duration: null,
    retries: 0,
    errorsByCode: {},
    lastHour: { finished: 1, failed: 0 },
    lastDay: { finished: 2, failed: 0 },
  }),
  health: async () => ({
    status: 'ok',
    problems: [],
    version: '1',
    pid: 1,
    startedAt: '2026-01-01T00:00:00Z',
    store: '/s',
    executors: [],
    counts: { queued: 1 },
    limits,
  }),
  schedules: async () => [schedule],
  addSchedule: async () => schedule,
  removeSchedule: async () => {},
  deployments: async () => [deployment],
  attachedModels: async () => [attached],
  async *chat() {
    yield { event: 'began', model: 'tiny', server: 'web1/tiny', conversation: null };
    yield { event: 'text', text: 'Ahoy, grüße\n' };
    yield { event: 'done', finishReason: 'stop', usage };
  },
  servedModels: async () => [servedModel],
  conversations: async () => [conversation],
  conversation: async () => ({
    conversation,
    messages: [
      { number: 1, time: 1, role: 'assistant', content: '', model: 'tiny', finishReason: 'stop', usage },
    ],
  }),
  renameConversation: async () => conversation,
  removeConversation: async () => {},
  endpoint: async () => null,
  openEndpoint: async (_, { port, keep }) => ({
    url: `http://127.0.0.1:${port}/v1`,
    tokenFile: '/s/endpoint-token',
    kept: keep,
    requests: 0,
    running: 0,
    waiting: 0,
  }),
  closeEndpoint: async () => {},
  emergencyStop: async () => null,
  stopAll: async () => ({
    stop: { since: '2026-01-01T00:00:00.000Z', who: 'alice', until: null },
    tasks: [],
  }),
  clearStop: async () => true,
  testNotifications: async () => [{ channel: 'log /tmp/x', on: ['run-ended'], error: null }],
  transcript: async (_, after) => [{ ...planningRecord, number: after + 1 }],
  recordRunbook: async (_, name = 'x') => ({ name, source: `name: ${name}\n`, parameters: [] }),
  undoOfRun: async run => ({
    plan: {
      intent: `undo ${run}`,
      goal: 'it is as before',
      assumptions: [],
      runbook: null,
      parameters: {},
      steps: [],
      postconditions: [],
      report: [],
    },
    hosts: ['web-1'],
    uncovered: [],
  }),
  replayRun: async run => ({ run, parts: [], same: true }),
  backup: async file => ({ file, bytes: 4096 }),
  listHosts: async () => [{ name: 'web1', source: 'deckhand.yaml', groups: ['web'], address: null }],
  addHost: async () => ({ file: '/w/deckhand.yaml' }),
  removeHost: async () => ({ file: '/w/deckhand.yaml', remains: false }),
  listRunbooks: async () => [runbook],
  showRunbook: async () => ({ summary: runbook, source: 'name: nginx\n' }),
  doctor: async () => [{ subject: 'store', id: 'store.size', status: 'ok', message: 'small', fix: null }],
  console: async () => null,
  openConsole: async (_, { port, address }) => ({
    url: `http://${address}:${port}`,
    loopback: true,
    built: true,
    sessions: 0,
  }),
  sessions: async () => [{ id: 'ab', token: null, beganAt: 1, expiresAt: 2 }],
  endSessions: async () => ({ ended: 2 }),
  tokens: async () => [token],
  addToken: async () => ({ token: 'dhk_x', view: token }),
  removeToken: async () => {},
  auditTrail: async () => ({ entries: [], total: 0 }),
  explainPolicy: async (_, command) => ({
    command,
    verdict: { class: 'read-only', risks: [], effects: [], reasons: [] },
    hash: 'ab',
    mode: 'off',
    decisions: [],
    always: [],
  }),
  closeConsole: async () => {},
  readFile: async (_, host, path) => ({
    host,
    path,
    content: new Uint8Array([0, 255, 10]),
    ...fileFacts,
    changedAt: 1,
  }),
  writeFile: async () => ({ ...fileFacts, bytes: 3, task: 'task-1' }),
  openTerminal: async () => ({
    terminal: 'terminal-1',
    ticket: 'a-ticket-that-works-once',
    expiresAt: 5,
    keep: 60_000,
    idle: 0,
    recorded: false,
  }),
  attachTerminal: () => Promise.reject(new Error('no terminal here')),
  loginLink: async () => ({ url: 'http://127.0.0.1:8791/login#t', expiresAt: 5 }),
  async [Symbol.asyncDispose]() {},
};

/** An event with a cursor that names its place. */
export function sampleEvent(seq: number): Extract<FollowItem, { item: 'event' }>['event'] {
  const time = '2026-01-01T00:00:00.000Z';
  return { kind: 'note', text: `n${seq}`, task: 'task-1', seq, attempt: 1, time, requestId: 'request-1' };
}

async function* sampleItems(): AsyncGenerator<FollowItem> {
  yield { item: 'event', event: sampleEvent(1), cursor: 'c1' };
  yield {
    item: 'output',
    task: 'task-1',
    attempt: 1,
    pieces: [{ stream: 'stdout', at: 0, bytes: new TextEncoder().encode('grüße\r\n') }],
    cursor: 'c2',
  };
  yield { item: 'question', question: { id: 'q1', task: 'task-1', host: 'web1', ask: 'sudo-password' } };
  yield { item: 'question-closed', id: 'q1' };
  yield { item: 'ended', task: { ...sampleTask('task-1'), state: 'succeeded' } };
}
