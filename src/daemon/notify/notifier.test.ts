import { createHmac } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startMailServer } from '../../../test/fakes/mail-server.ts';
import { sampleTask } from '../../../test/store/sample-task.ts';
import { systemClock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { NotifyRule } from '../../settings/notify-schema.ts';
import { openSqliteStore } from '../../store/sqlite/open-store.ts';
import type { Store } from '../../store/store.ts';
import type { Message } from './message.ts';
import { Notifier, type NotifierOptions } from './notifier.ts';

const SECRET = '0123456789abcdef0123456789abcdef';
let folder = '';
let store: Store;
const closing: (() => unknown)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-notify-'));
  store = await openSqliteStore({ folder, now: Date.now });
  await writeFile(join(folder, 'key'), `${SECRET}\n`);
});
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  await store[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly message: Message;
}

/** A real HTTP receiver. `answers`: status of each request in turn, the last for all that follow; 0 = never answers. */
async function receiver(...answers: readonly number[]) {
  const received: Received[] = [];
  const waiting: (() => void)[] = [];
  const server: Server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const status = answers[Math.min(received.length, answers.length - 1)] ?? 200;
      received.push({ headers: request.headers, body, message: JSON.parse(body) as Message });
      if (status !== 0)
        response.writeHead(status, status === 302 ? { location: '/elsewhere' } : {}).end('secret answer');
      for (const wake of waiting.splice(0)) wake();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook?token=in-the-url`,
    received,
    until: async (amount: number): Promise<void> => {
      while (received.length < amount) await new Promise<void>(resolve => waiting.push(resolve));
    },
  };
}

function hook(url: string, on: NotifyRule['on']): NotifyRule {
  return { on, webhook: { url, secretFile: join(folder, 'key') } };
}

function notifier(rules: readonly NotifyRule[], options: Partial<NotifierOptions> = {}): Notifier {
  const made = new Notifier({
    store,
    clock: systemClock,
    chance: () => 0.5,
    rules: async () => rules,
    onTrouble: error => {
      throw error;
    },
    firstPause: 20,
    grace: 0,
    ...options,
  });
  closing.push(async () => await made[Symbol.asyncDispose]());
  return made;
}

const BROKEN = new DeckhandError(
  'command.failed',
  'web-1: it said \u001b[31mpassword=hunter2\u001b[0m',
).toJSON();

/** A run that is claimed and ends. */
async function runEnds(
  id: string,
  end: 'succeeded' | 'failed' | 'lost',
  title = 'serve hello',
): Promise<void> {
  const now = Date.now();
  const params = { intent: 'x', hosts: ['web-1', 'web-2'], mode: 'run', approve: 'ask' };
  await store.submit([sampleTask({ id, kind: 'agent.run', title, host: null, params })], now);
  const [claimed] = await store.claim('executor', { free: 1, hostDefault: 9, hostLimits: {} }, now);
  const fence = { task: id, claim: claimed!.claim };
  const settlement =
    end === 'succeeded' ? ({ to: end, result: {} } as const) : ({ to: end, error: BROKEN } as const);
  await store.record([{ ...fence, write: 'settle', settlement }], now);
}

describe('a webhook', () => {
  test('is told once, signed so that nobody else can say it, without secrets and escapes', async () => {
    const { url, received, until } = await receiver(200);
    notifier([hook(url, ['run-failed'])]);
    await runEnds('task-good', 'succeeded');
    await runEnds('task-bad', 'failed', 'deploy with token=abcdef <b>');
    await until(1);
    const [{ headers, body, message }] = received as [Received];
    expect(message).toMatchObject({
      event: 'run-failed',
      task: 'task-bad',
      state: 'failed',
      hosts: ['web-1', 'web-2'],
    });
    expect(message.next).toBe('deckhand report task-bad');
    expect(body).not.toMatch(/hunter2|abcdef|u001b/);
    const timestamp = String(headers['webhook-timestamp']);
    const signed = createHmac('sha256', SECRET).update(`${message.id}.${timestamp}.${body}`).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signed}`);
    expect(headers['webhook-id']).toBe(message.id);
    expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(60);
    expect(body + JSON.stringify(headers)).not.toContain(SECRET);
  });

  test('that answers 500, 302 and not at all is tried again, with one id', async () => {
    const { url, received, until } = await receiver(500, 302, 0, 200);
    notifier([hook(url, ['run-ended'])], { limit: 100 });
    await runEnds('task-1', 'succeeded');
    await until(4);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  test('that never answers delays no other receiver, and no commit', async () => {
    const dead = await receiver(0);
    const alive = await receiver(200);
    notifier([hook(dead.url, ['run-ended']), hook(alive.url, ['run-ended'])], { limit: 600_000 });
    for (const id of ['task-1', 'task-2', 'task-3']) await runEnds(id, 'succeeded');
    await alive.until(3);
    expect(alive.received.map(({ message }) => message.task)).toEqual(['task-1', 'task-2', 'task-3']);
    expect(dead.received).toHaveLength(1);
  });
});

describe('after kill -9', () => {
  test('what was not told is told by the next, once', async () => {
    const { url, received, until } = await receiver(0, 200);
    const first = notifier([hook(url, ['run-ended'])], { limit: 600_000 });
    await runEnds('task-1', 'succeeded');
    await until(1);
    await first[Symbol.asyncDispose]();
    notifier([hook(url, ['run-ended'])]);
    await until(2);
    await runEnds('task-2', 'succeeded');
    await until(3);
    expect(received.map(({ message }) => message.task)).toEqual(['task-1', 'task-1', 'task-2']);
    expect(received[0]!.message.id).toBe(received[1]!.message.id);
  });

  test('what happened while nobody looked is told', async () => {
    const { url, received, until } = await receiver(200);
    const first = notifier([hook(url, ['run-ended'])]);
    await runEnds('task-1', 'succeeded');
    await expect
      .poll(async () => await store.setting('notify'))
      .toMatchObject({ open: [], done: [expect.any(String)] });
    await first[Symbol.asyncDispose]();
    await runEnds('task-unseen', 'failed');
    notifier([hook(url, ['run-ended'])]);
    await until(2);
    expect(received.map(({ message }) => message.task)).toEqual(['task-1', 'task-unseen']);
  });
});

test('e-mail: a real server gets it, with who, what, why and what next', async () => {
  const server = await startMailServer();
  closing.push(async () => await server[Symbol.asyncDispose]());
  await writeFile(join(folder, 'password'), 'mail-password\n');
  const email = {
    smtp: `smtp://deck@127.0.0.1:${server.port}`,
    from: 'deckhand@example.org',
    to: ['me@example.org'],
    passwordFile: join(folder, 'password'),
  };
  notifier([{ on: ['needs-person'], email }]);
  await runEnds('task-1', 'lost', 'serve hello\r\nBcc: everybody@example.org');
  const mail = await server.first;
  expect(server.logins).toEqual(['deck/mail-password']);
  expect(mail).toMatch(/^Subject: \[deckhand\] needs-person: serve hello Bcc:/m);
  expect(mail).not.toMatch(/^Bcc:/m);
  expect(mail).toContain('deckhand report task-1');
  expect(mail).not.toMatch(/hunter2|mail-password/);
});

test('a file gets a line each, by the template', async () => {
  const log = join(folder, 'told.jsonl');
  const template = '{{event}} {{title}} on {{hosts}} {{nothing}}';
  const { url, until } = await receiver(200);
  notifier([{ on: ['run-ended'], log, template }, hook(url, ['run-ended'])]);
  await runEnds('task-1', 'succeeded', 'a {{id}} b');
  await runEnds('task-2', 'failed');
  await until(2);
  // the file is written beside the other receiver
  const linesOf = async () => (await readFile(log, 'utf8')).trim().split('\n');
  await expect.poll(async () => (await linesOf()).length).toBe(2);
  const lines = await linesOf();
  expect(lines.map(line => (JSON.parse(line) as Message).text)).toEqual([
    'run-ended a {{id}} b on web-1, web-2 {{nothing}}',
    'run-ended serve hello on web-1, web-2 {{nothing}}',
  ]);
});

test('`notify test` says of each receiver whether it took it, and no secret', async () => {
  const good = await receiver(204);
  const bad = await receiver(503);
  const told = notifier([hook(good.url, ['run-ended']), hook(bad.url, ['run-failed'])]);
  const results = await told.test();
  expect(results.map(({ error }) => error?.message ?? null)).toEqual([
    null,
    expect.stringMatching(/^webhook http:\/\/127\.0\.0\.1:\d+: it answered 503\.$/),
  ]);
  expect(JSON.stringify(results)).not.toMatch(/in-the-url|secret answer/);
});

test('a receiver that takes nothing for too long is given up, and that is said', async () => {
  const { url } = await receiver(500);
  const { promise, resolve } = Promise.withResolvers<DeckhandError>();
  notifier([hook(url, ['run-ended'])], { firstPause: 0, onTrouble: resolve });
  await runEnds('task-1', 'succeeded');
  expect((await promise).message).toMatch(/run-ended of task-1 was not told: webhook .* it answered 500/);
});
