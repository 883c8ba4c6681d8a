import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ServedRequest } from './app.ts';
import { connectClient } from './connect.ts';
import { fakeDoor, sampleCaller } from '../web/fake-door.ts';
import { FakeTaskApi } from './fake-task-api.ts';
import { ServedFake } from './serve-fake.ts';

const json = { 'content-type': 'application/json' };
const surroundings = { folder: '/w', overrides: {} };
const good = { kind: 'ssh.execute', params: {}, surroundings };

describe('malformed input is input.invalid and names the field', () => {
  it.each([
    ['not JSON', 'POST', '/v1/tasks', '{"kind":', 'body'],
    ['nothing', 'POST', '/v1/tasks', '', 'body'],
    ['null', 'POST', '/v1/tasks', 'null', 'body'],
    ['a list', 'POST', '/v1/tasks', '[]', 'body'],
    ['a field of the wrong type', 'POST', '/v1/tasks', JSON.stringify({ ...good, kind: 7 }), 'body.kind'],
    [
      'a field deep inside',
      'POST',
      '/v1/tasks',
      JSON.stringify({ ...good, surroundings: { folder: 1, overrides: {} } }),
      'body.surroundings.folder',
    ],
    ['an unknown field', 'POST', '/v1/tasks', JSON.stringify({ ...good, colour: 1 }), 'body.colour'],
    ['a list element', 'POST', '/v1/tasks', JSON.stringify({ ...good, tags: ['a', 3] }), 'body.tags.1'],
    ['no base64', 'POST', '/v1/tasks', JSON.stringify({ ...good, input: 'a*b=' }), 'body.input'],
    ['an unknown state', 'GET', '/v1/tasks?state=sleeping', undefined, 'query.state'],
    ['an unknown filter', 'GET', '/v1/tasks?colour=red', undefined, 'query.colour'],
    ['no number', 'GET', '/v1/tasks/t/events?after=-1', undefined, 'query.after'],
    ['no switch', 'GET', '/v1/tasks/t/follow?answers=perhaps', undefined, 'query.answers'],
    ['no answer', 'POST', '/v1/tasks/t/questions/q', '{}', 'body.answer'],
  ])('%s', async (_name, method, path, body, field) => {
    await using served = await ServedFake.start();
    const answer = await served.raw({ method, path, headers: json, ...(body !== undefined && { body }) });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: 'input.invalid', details: { field } });
    expect(answer.body.error?.message).toContain(field === 'body' ? 'body' : field);
    expect(served.fake.calls).toEqual([]);
  });

  it('another content type, with which a web page could post', async () => {
    await using served = await ServedFake.start();
    const headers = { 'content-type': 'text/plain' };
    const answer = await served.raw({
      method: 'POST',
      path: '/v1/tasks',
      headers,
      body: JSON.stringify(good),
    });
    expect(answer).toMatchObject({ status: 400, body: { error: { code: 'input.invalid' } } });
    expect(served.fake.calls).toEqual([]);
  });

  it('never quotes the value: it may be a password', async () => {
    await using served = await ServedFake.start();
    const served1 = await served.raw({
      method: 'POST',
      path: '/v1/tasks/t/questions/q',
      headers: json,
      body: JSON.stringify({ answer: ['hunter2'], hunter: 1 }),
    });
    expect(JSON.stringify(served1.body)).not.toContain('hunter2');
  });
});

describe('the body limit', () => {
  const large = Buffer.alloc(24 * 1024 * 1024 + 1, 0x20);

  it.each([
    ['declared', { 'content-length': String(large.length) }],
    ['chunked', { 'transfer-encoding': 'chunked' }],
  ])('24 MiB and one byte, %s', async (_name, headers) => {
    await using served = await ServedFake.start();
    const answer = await served.raw({
      method: 'POST',
      path: '/v1/tasks',
      headers: { ...json, ...headers },
      body: large,
    });
    expect(answer).toMatchObject({ status: 413, body: { error: { code: 'task.too-large' } } });
    expect(served.fake.calls).toEqual([]);
  });

  it('exactly 24 MiB are read', async () => {
    await using served = await ServedFake.start();
    const text = Buffer.from(JSON.stringify(good));
    const body = Buffer.concat([text, large.subarray(0, large.length - 1 - text.length)]);
    const answer = await served.raw({ method: 'POST', path: '/v1/tasks', headers: json, body });
    expect(answer.status).toBe(200);
  });
});

describe('each answer', () => {
  it.each([
    ['a sane id is taken', 'abc-1.2:3', /^abc-1\.2:3$/],
    ['a strange one is not', 'a b"<script>', /^[0-9a-f-]{36}$/],
    ['nor an endless one', 'x'.repeat(101), /^[0-9a-f-]{36}$/],
  ])('names the request: %s', async (_name, id, expected) => {
    const ids: string[] = [];
    const fake = new FakeTaskApi();
    const forRequest = (requestId: string): typeof fake.api => {
      ids.push(requestId);
      return fake.api;
    };
    await using served = await ServedFake.start({}, { forRequest });
    const answer = await served.raw({ method: 'GET', path: '/v1/health', headers: { 'x-request-id': id } });
    expect(answer.headers['x-request-id']).toMatch(expected);
    expect(answer.headers['deckhand-version']).toBe('1.2.3');
    expect(ids).toEqual([answer.headers['x-request-id']]);
  });

  it('has the status of the error table; an unknown fault is ours', async () => {
    await using served = await ServedFake.start({
      task: () => Promise.reject(new DeckhandError('task.unknown', 'No task x.')),
      health: () => Promise.reject(new TypeError('oops')),
    });
    const unknown = await served.raw({ method: 'GET', path: '/v1/tasks/x' });
    expect(unknown).toMatchObject({ status: 404, body: { error: { code: 'task.unknown' } } });
    const defect = await served.raw({ method: 'GET', path: '/v1/health' });
    expect(defect).toMatchObject({
      status: 500,
      body: { error: { code: 'internal.defect', message: 'oops' } },
    });
  });

  it.each(['/', '/v1', '/v1/nothing', '/v1/tasks/a/b/c', '/v2/tasks'])('unknown route %s', async path => {
    await using served = await ServedFake.start();
    const answer = await served.raw({ method: 'GET', path });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'api.unknown-route' } } });
    expect(answer.headers['x-request-id']).toBeDefined();
  });

  it('is told once, without query and body', async () => {
    const log: ServedRequest[] = [];
    await using served = await ServedFake.start({}, { onServed: entry => log.push(entry) });
    await using client = connectClient({ socketPath: served.socketPath, requestId: 'r-1' });
    await client.answer('task-1', 'q1', 'hunter2');
    await client.tasks({ tag: 'hunter2' });
    await served.raw({ method: 'GET', path: '/v1/nothing?hunter2' });
    expect(log.map(({ method, path, status }) => [method, path, status])).toEqual([
      ['POST', '/v1/tasks/task-1/questions/q1', 200],
      ['GET', '/v1/tasks', 200],
      ['GET', '/v1/nothing', 404],
    ]);
    expect(log[0]?.requestId).toBe('r-1');
    expect(JSON.stringify(log)).not.toContain('hunter2');
  });
});

describe('the token', () => {
  it.each([undefined, 'Bearer wrong', 'Bearer sesame ', 'sesame', 'bearer sesame'])(
    '%s is refused',
    async header => {
      await using served = await ServedFake.start({}, { door: fakeDoor({ sesame: sampleCaller('admin') }) });
      const headers = header === undefined ? {} : { authorization: header };
      for (const path of ['/v1/health', '/v1/tasks', '/v1/nothing']) {
        const answer = await served.raw({ method: 'GET', path, headers });
        // a blank at the end of a header is no part of it
        if (header?.endsWith(' ')) expect(answer.status).not.toBe(401);
        else expect(answer).toMatchObject({ status: 401, body: { error: { code: 'api.unauthorised' } } });
      }
    },
  );
});

describe('/v1/openapi.json', () => {
  it('describes every operation with its schemas', async () => {
    await using served = await ServedFake.start();
    const { status, body } = await served.raw({ method: 'GET', path: '/v1/openapi.json' });
    expect(status).toBe(200);
    const document = body as unknown as {
      openapi: string;
      info: object;
      paths: Record<string, Record<string, { requestBody?: { content: object }; responses: object }>>;
      components: { schemas: Record<string, object> };
    };
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'Deckhand', version: '1.2.3' } });
    expect(Object.keys(document.components.schemas)).toEqual(
      expect.arrayContaining(['Task', 'Error', 'Submitted', 'FollowItem', 'OutputPiece']),
    );
    expect(document.paths['/v1/tasks']?.['post']).toMatchObject({
      requestBody: { required: true, content: { 'application/json': { schema: { type: 'object' } } } },
      responses: { 200: { content: { 'application/json': {}, 'text/event-stream': {} } }, default: {} },
    });
  });
});

describe('what is no daemon', () => {
  it.each([
    ['a web page', 200, '<html>'],
    ['a fault in other words', 502, 'Bad Gateway'],
    ['JSON of somebody else', 500, '{"error":"no"}'],
  ])('%s', async (_name, status, text) => {
    const server = createServer((_request, response) => response.writeHead(status).end(text));
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : 0;
    await using client = connectClient({ url: `http://127.0.0.1:${port}` });
    await expect(client.health()).rejects.toMatchObject({
      code: 'daemon.unreachable',
      message: expect.stringContaining('no Deckhand daemon') as string,
    });
    server.close();
  });
});
