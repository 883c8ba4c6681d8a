import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { FollowItem, Submission, TaskApi } from '../task-api.ts';
import { buildHttpApp } from './app.ts';
import { connectClient } from './connect.ts';
import { fakeDoor, sampleCaller } from '../web/fake-door.ts';
import { FakeTaskApi, type Method, sampleSubmitted } from './fake-task-api.ts';
import { silence } from './scripted-follow.ts';
import { ServedFake } from './serve-fake.ts';

const signal = new AbortController().signal;
const surroundings = { folder: '/w', overrides: { user: 'me' }, agentSocket: '/a' };
const submission: Submission = {
  kind: 'ssh.execute',
  hosts: '@web',
  params: { command: 'echo "grüße" 🚢' },
  input: new Uint8Array([0, 1, 254, 255]),
  surroundings,
  tags: ['a'],
  retry: { limit: 2 },
  runAfter: '2026-01-01T00:00:00Z',
};

/** What is a question and its answer; a terminal is a WebSocket, and has tests of its own. */
type Asked = Exclude<Method, 'attachTerminal'>;
/** What each method is called with. The type makes a forgotten method an error. */
const CALLS: { readonly [Name in Asked]: Parameters<TaskApi[Name]> } = {
  openTerminal: [surroundings, 'web 1', { columns: 80, rows: 24, terminal: 'terminal-1' }],
  submit: [submission],
  submitAndFollow: [submission, { signal, answers: true }],
  follow: ['group-1', { signal, after: 'a b&c', answers: false, untilEnded: true }],
  answer: ['task-1', 'q/1', 'geheim ü'],
  tasks: [{ states: ['queued', 'running'], kind: 'ssh.execute', tag: 'ä&b', limit: 5, cursor: 'c' }],
  task: ['task 1/ü'],
  events: ['task-1', 3, 50],
  output: ['task-1', 'c 1', 20],
  lines: ['task 1/ü', { from: 7, count: 20, stream: 'stderr', search: 'grüße & co' }],
  changes: [{ signal, logs: ['task-1', 'task-2'] }],
  cancel: ['task-1', true],
  pause: ['task-1'],
  resume: ['task-1'],
  retry: ['task-1'],
  report: ['task 1/ü', 'html'],
  remove: [{ tasks: ['task-1'], states: ['failed'], olderThan: 5, dryRun: true }],
  approvals: ['open'],
  decide: ['approval-1', 'approved', { choice: 'skip', note: 'not needed' }],
  pauseQueue: [],
  resumeQueue: [],
  limits: [],
  setLimits: [{ total: 3, hosts: { web1: 2 } }],
  statistics: [],
  health: [],
  schedules: [],
  deployments: [],
  attachedModels: [],
  addSchedule: [{ name: 'n', when: 'every 15m', submission }],
  removeSchedule: ['schedule-1'],
  tunnels: [],
  tunnel: ['web'],
  startTunnel: ['web'],
  stopTunnel: ['web'],
  removeTunnel: ['web'],
  chat: [
    surroundings,
    { model: 'tiny', messages: [{ role: 'user', content: 'grüße\n' }], parameters: { temperature: 0 } },
    { signal },
  ],
  servedModels: [surroundings],
  conversations: [{ search: 'grüße & co', limit: 5 }],
  conversation: ['chat 1/ü'],
  renameConversation: ['chat-1', 'a title'],
  removeConversation: ['chat-1'],
  endpoint: [],
  openEndpoint: [surroundings, { port: 8790, keep: true }],
  closeEndpoint: [],
  emergencyStop: [],
  stopAll: [{ force: true, cooldown: 5 }],
  clearStop: [],
  testNotifications: [],
  transcript: ['task-1', 3, 20],
  recordRunbook: ['task-1', 'greeting'],
  replayRun: ['task-1'],
  undoOfRun: ['task-1', { steps: ['one'] }],
  backup: ['/tmp/b'],
  listHosts: [surroundings, '@web,!db'],
  addHost: [surroundings, { name: 'web1', address: '10.0.0.1', port: 22, groups: ['web'] }],
  removeHost: [surroundings, 'web 1'],
  listRunbooks: [surroundings],
  showRunbook: [surroundings, 'nginx'],
  doctor: [surroundings],
  console: [],
  openConsole: [surroundings, { port: 8791, address: '127.0.0.1' }],
  closeConsole: [],
  loginLink: [],
  readFile: [surroundings, 'web 1', '/etc/hösts'],
  writeFile: [
    surroundings,
    'web1',
    { path: '/etc/a', expected: 'none', content: new Uint8Array([0, 255, 10]), mode: '0600', root: true },
  ],
  sessions: [],
  endSessions: [{ except: 'ab' }],
  settings: [surroundings],
  changeSetting: [surroundings, 'runbooks', ['/a', '/ü']],
  listFolder: [surroundings, { host: null, path: '' }],
  searchFolder: [surroundings, { host: 'web 1', path: '/sr v', name: 'grü*', limit: 5 }, { signal }],
  watchFolder: [surroundings, { host: 'web1', path: '/srv' }, { signal }],
  beginUpload: [{ name: 'grüße.txt', size: 3 }],
  addToUpload: ['staged-1', 0, new Uint8Array([0, 255, 10])],
  sendUpload: [surroundings, 'staged-1', { host: 'web1', folder: '/srv' }],
  fetchFile: [surroundings, 'web 1', '/etc/hösts'],
  fetched: ['staged-1', { signal }],
  tokens: [],
  addToken: [surroundings, { name: 'ci', role: 'operator', kinds: ['ssh.execute'], expiresIn: 60_000 }],
  removeToken: ['ci'],
  auditTrail: [{ before: 7, limit: 3 }],
  explainPolicy: [surroundings, 'ls -l', 'web1'],
  policyRules: [surroundings],
  addAllowRules: [
    surroundings,
    [{ command: 'echo ü', hosts: ['web*'], why: 'ü', upTo: 'change', example: 'echo ü' }],
  ],
};
/** What only the door knows: no method of the contract. */
const AT_THE_DOOR = ['login', 'session', 'logout', 'attachTerminal'];
const METHODS = Object.keys(CALLS) as Asked[];
const STREAMS: ReadonlySet<Method> = new Set([
  'follow',
  'submitAndFollow',
  'chat',
  'changes',
  'searchFolder',
  'watchFolder',
  'fetched',
]);

/** The answer of a method; a stream as the list of its items. */
async function answerOf(api: TaskApi, method: Asked): Promise<unknown> {
  const call = api[method] as (...given: readonly unknown[]) => unknown;
  const answer = call.apply(api, CALLS[method]);
  if (answer instanceof Promise) return await answer;
  const items: FollowItem[] = [];
  for await (const item of answer as AsyncIterable<FollowItem>) items.push(item);
  return items;
}

/** Signals are not sent. */
const withoutSignal = (given: readonly unknown[]): readonly unknown[] =>
  given.map(each => {
    if (typeof each !== 'object' || each === null || !('signal' in each)) return each;
    const { signal: _, ...rest } = each;
    return rest;
  });

describe('every method of the task api', () => {
  const fault = new DeckhandError('task.illegal-state', 'The task is done – fertig.', {
    details: { state: 'succeeded' },
    hint: 'Leave it.',
  });
  const failing = METHODS.map(method => [
    method,
    STREAMS.has(method)
      ? (): AsyncIterable<FollowItem> => silence(Promise.reject(fault))
      : () => Promise.reject(fault),
  ]);
  // one for all of them: to build it takes longer than to ask every method
  let served: ServedFake;
  let refusing: ServedFake;
  beforeAll(async () => {
    served = await ServedFake.start();
    refusing = await ServedFake.start(Object.fromEntries(failing) as Partial<TaskApi>);
  });
  afterAll(async () => {
    await served[Symbol.asyncDispose]();
    await refusing[Symbol.asyncDispose]();
  });

  it.each(METHODS)('%s: question and answer are the same over the socket', async method => {
    await using client = connectClient({ socketPath: served.socketPath });
    const answer = await answerOf(client, method);
    const [call, ...others] = served.fake.calls.splice(0);
    expect([call?.method, others]).toEqual([method, []]);
    expect(withoutSignal(call?.given ?? [])).toEqual(withoutSignal(CALLS[method]));
    expect(answer).toEqual(await answerOf(new FakeTaskApi().api, method));
  });

  it('and no other has a route', () => {
    const app = buildHttpApp({ api: new FakeTaskApi().api, version: '1' });
    const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 't', version: '1' } });
    const operations = Object.values(document.paths ?? {}).flatMap(path =>
      Object.values(path as Record<string, { readonly operationId?: string }>).map(
        each => each.operationId ?? '',
      ),
    );
    // submitting and following at once is the same route with `follow=1`
    const methods = METHODS.filter(each => each !== 'submitAndFollow');
    expect(operations.toSorted()).toEqual([...methods, ...AT_THE_DOOR].toSorted());
    const routes = app.routes
      .filter(route => route.path.startsWith('/v1/'))
      .map(r => `${r.method} ${r.path}`);
    expect(new Set(routes).size).toBe(operations.length + 1);
  });

  it.each(METHODS)('%s: an error comes back with code, message, hint and details', async method => {
    await using client = connectClient({ socketPath: refusing.socketPath });
    const caught = await answerOf(client, method).catch((error: unknown) => error);
    expect(caught).toBeInstanceOf(DeckhandError);
    expect((caught as DeckhandError).toJSON()).toEqual(fault.toJSON());
  });

  it.each(METHODS)('%s: without a daemon it is daemon.unreachable at once', async method => {
    await using client = connectClient({ socketPath: '/nonexistent/deckhand.sock' });
    await expect(answerOf(client, method)).rejects.toMatchObject({
      code: 'daemon.unreachable',
      details: { place: '/nonexistent/deckhand.sock', reason: 'there is no socket' },
    });
  });
});

describe('connectClient', () => {
  it('takes an error of a code it does not know', async () => {
    const record = {
      code: 'new.code',
      message: 'Something new.',
      hint: '',
      retryable: false,
      details: { a: 1 },
    };
    const strange = Object.assign(new DeckhandError('internal.defect', ''), { toJSON: () => record });
    await using served = await ServedFake.start({ health: () => Promise.reject(strange) });
    await using client = connectClient({ socketPath: served.socketPath });
    await expect(client.health()).rejects.toMatchObject({
      code: 'internal.defect',
      message: 'Something new.',
      details: { a: 1, code: 'new.code' },
    });
  });

  it('says so when the daemon goes away before it answers', async () => {
    const asked = Promise.withResolvers<void>();
    await using served = await ServedFake.start({
      health: () => {
        asked.resolve();
        return new Promise(() => {});
      },
    });
    await using client = connectClient({ socketPath: served.socketPath });
    const call = client.health();
    const outcome = expect(call).rejects.toMatchObject({ code: 'daemon.unreachable' });
    await asked.promise;
    await served.stop();
    await outcome;
  });

  it('reads anew after the daemon closed the kept connection, and finds a new daemon', async () => {
    await using served = await ServedFake.start();
    await using client = connectClient({ socketPath: served.socketPath });
    await client.health();
    await served.stop();
    await served.listen();
    await expect(client.health()).resolves.toMatchObject({ status: 'ok' });
  });

  it('keeps one connection for calls in a row', async () => {
    await using served = await ServedFake.start();
    await using client = connectClient({ socketPath: served.socketPath });
    for (let count = 0; count < 20; count += 1) await client.health();
    expect(served.sockets.size).toBe(1);
  });

  it('64 calls at once, and 16 MiB of input', async () => {
    await using served = await ServedFake.start();
    await using client = connectClient({ socketPath: served.socketPath });
    await Promise.all(Array.from({ length: 64 }, () => client.health()));
    const input = new Uint8Array(16 * 1024 * 1024).map((_, index) => index % 251);
    await client.submit({ ...submission, input });
    const sent = served.fake.calls.at(-1)?.given[0] as Submission;
    expect(Buffer.compare(Buffer.from(sent.input ?? []), Buffer.from(input))).toBe(0);
  });

  it('sends a change to a daemon that has closed the kept connection, which a busy process does not know', async () => {
    await using served = await ServedFake.start();
    served.closesIdleAfter(2000);
    await using client = connectClient({ socketPath: served.socketPath });
    await client.health();
    const busyUntil = performance.now() + 4000;
    while (performance.now() < busyUntil);
    expect(await client.submit(submission)).toEqual(sampleSubmitted);
  });

  it('ends with its signal and when it is disposed', async () => {
    await using served = await ServedFake.start({ health: () => new Promise(() => {}) });
    const stop = new AbortController();
    const client = connectClient({ socketPath: served.socketPath, signal: stop.signal });
    const call = client.health();
    stop.abort();
    await expect(call).rejects.toMatchObject({ code: 'command.cancelled' });
    await expect(client.limits()).rejects.toMatchObject({ code: 'command.cancelled' });
    const disposed = connectClient({ socketPath: served.socketPath });
    await disposed[Symbol.asyncDispose]();
    await expect(disposed.limits()).rejects.toMatchObject({ code: 'command.cancelled' });
  });

  it('speaks TCP with a token', async () => {
    await using served = await ServedFake.start({}, { door: fakeDoor({ sesame: sampleCaller('admin') }) });
    await expect(connectClient({ socketPath: served.socketPath }).submit(submission)).rejects.toMatchObject({
      code: 'api.unauthorised',
    });
    await using client = connectClient({ socketPath: served.socketPath, token: 'sesame' });
    await expect(client.submit(submission)).resolves.toEqual(sampleSubmitted);
    expect(served.fake.calls).toHaveLength(1);
    expect(() => connectClient({ url: 'https://x' })).toThrow(/not http/);
    await using nobody = connectClient({ url: 'http://127.0.0.1:1' });
    await expect(nobody.health()).rejects.toMatchObject({
      code: 'daemon.unreachable',
      details: { reason: 'nobody listens there' },
    });
  });

  it('uses a connection that is open already once, and none that the daemon has closed', async () => {
    await using served = await ServedFake.start();
    const opened = async (): Promise<Socket> => {
      const socket = connect(served.socketPath);
      await once(socket, 'connect');
      return socket;
    };
    const first = await opened();
    await using client = connectClient({ socketPath: served.socketPath, opened: first });
    await client.submit(submission);
    expect(first.bytesWritten).toBeGreaterThan(100);
    await client.submit(submission);
    const closed = await opened();
    closed.destroy();
    await using other = connectClient({ socketPath: served.socketPath, opened: closed });
    await expect(other.submit(submission)).resolves.toEqual(sampleSubmitted);
    expect(served.fake.calls).toHaveLength(3);
    const unused = await opened();
    await connectClient({ socketPath: served.socketPath, opened: unused })[Symbol.asyncDispose]();
    expect(unused.destroyed).toBe(true);
  });

  it('loads no package and nothing of the server', () => {
    const loaded = new Set<string>();
    const visit = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      const text = readFileSync(file, 'utf8');
      for (const [, from = ''] of text.matchAll(/^import (?!type )[^;]*? from '([^']+)';/gm)) {
        if (from.startsWith('.')) visit(join(dirname(file), from));
        else loaded.add(from);
      }
    };
    visit(join(import.meta.dirname, 'client.ts'));
    const outside = [...loaded].filter(each => !each.startsWith('/'));
    // node:http is taken without an import statement, which would load all of undici
    expect(outside).toEqual([]);
    expect([...loaded].filter(each => /schema|app\.ts|operation/.test(each))).toEqual([]);
  });
});
