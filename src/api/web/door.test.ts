import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildHttpApp } from '../http/app.ts';
import { FakeTaskApi } from '../http/fake-task-api.ts';
import { CSRF_HEADER } from './door.ts';
import { fakeDoor, sampleCaller } from './fake-door.ts';

let folder = '';
beforeAll(() => {
  const root = mkdtempSync(join(tmpdir(), 'deckhand-console-'));
  folder = join(root, 'dist');
  mkdirSync(join(folder, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'index.html'), '<!doctype html>console');
  writeFileSync(join(folder, 'assets/app-abcd1234.js'), 'app');
  writeFileSync(join(folder, 'icon.svg'), '<svg/>');
  writeFileSync(join(folder, '.secret.txt'), 'hidden');
  writeFileSync(join(root, 'outside.txt'), 'outside');
  symlinkSync('../outside.txt', join(folder, 'link.txt'));
});
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

/** One request as a browser or a program sends it. */
function serve(given: { readonly folder?: string } = {}) {
  const fake = new FakeTaskApi();
  const door = fakeDoor({ viewer: sampleCaller('viewer') }, given.folder ?? folder);
  const app = buildHttpApp({ api: fake.api, version: '1', door });
  const ask = async (
    method: string,
    path: string,
    headers: Record<string, string> = {},
    body?: unknown,
  ): Promise<Response> =>
    await app.request(path, {
      method,
      headers: { host: 'localhost', 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  return { ask, fake };
}

async function signIn(ask: ReturnType<typeof serve>['ask']) {
  const answer = await ask('POST', '/v1/session', {}, { token: 'link' });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const { csrf } = (await answer.json()) as { csrf: string };
  return { answer, cookie, csrf };
}

describe('the way in', () => {
  it('takes a link once, and the cookie is for this site and no script', async () => {
    const { ask } = serve();
    const { answer, cookie } = await signIn(ask);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toMatch(/; Path=\/; .*HttpOnly; SameSite=Strict/);
    expect((await ask('GET', '/v1/health', { cookie })).status).toBe(200);
    expect((await ask('POST', '/v1/session', {}, { token: 'link' })).status).toBe(401);
  });

  it('needs credentials for all of the API, also for what does not exist', async () => {
    const { ask, fake } = serve();
    for (const path of ['/v1/health', '/v1/tasks', '/v1/session', '/v1/nothing', '/v1'])
      expect((await ask('GET', path)).status, path).toBe(401);
    expect((await ask('GET', '/v1/health', { cookie: 'deckhand-1=wrong' })).status).toBe(401);
    expect((await ask('GET', '/v1/health', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect(fake.calls).toEqual([]);
  });

  it('does not fall back to the cookie when a token is wrong', async () => {
    const { ask } = serve();
    const { cookie } = await signIn(ask);
    const headers = { cookie, authorization: 'Bearer wrong' };
    expect((await ask('GET', '/v1/health', headers)).status).toBe(401);
  });

  it('wants the CSRF header for whatever changes something by cookie, none by token', async () => {
    const { ask, fake } = serve();
    const { cookie, csrf } = await signIn(ask);
    for (const given of [undefined, '', 'wrong', `${csrf}x`]) {
      const headers = { cookie, ...(given !== undefined && { [CSRF_HEADER]: given }) };
      expect((await ask('POST', '/v1/queue/pause', headers)).status).toBe(403);
    }
    expect(fake.calls).toEqual([]);
    expect((await ask('POST', '/v1/queue/pause', { cookie, [CSRF_HEADER]: csrf })).status).toBe(200);
    expect(await (await ask('GET', '/v1/session', { cookie })).json()).toMatchObject({
      who: 'person',
      role: 'admin',
      csrf,
    });
  });

  it('ends with a logout', async () => {
    const { ask } = serve();
    const { cookie, csrf } = await signIn(ask);
    expect((await ask('DELETE', '/v1/session', { cookie, [CSRF_HEADER]: csrf })).status).toBe(200);
    expect((await ask('GET', '/v1/health', { cookie })).status).toBe(401);
  });
});

describe('other names and other pages', () => {
  it.each(['evil.example', 'localhost:1', '127.0.0.1', ''])('Host %j is refused', async host => {
    const { ask, fake } = serve();
    const headers = { host, authorization: 'Bearer viewer' };
    for (const path of ['/', '/login', '/v1/health', '/v1/openapi.json'])
      expect((await ask('GET', path, headers)).status, path).toBe(403);
    expect(fake.calls).toEqual([]);
  });

  it.each([
    'http://evil.example',
    'null',
    'https://localhost',
    'http://localhost:2',
    'http://localhost.evil.example',
  ])('Origin %s is refused', async origin => {
    const { ask, fake } = serve();
    const { cookie, csrf } = await signIn(ask);
    const headers = { cookie, origin, [CSRF_HEADER]: csrf };
    const refused = await ask('POST', '/v1/queue/pause', headers);
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: { code: 'api.refused-origin' } });
    expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    expect(fake.calls).toEqual([]);
  });

  it('its own origin is welcome', async () => {
    const { ask } = serve();
    const headers = { origin: 'http://localhost', authorization: 'Bearer viewer' };
    expect((await ask('GET', '/v1/health', headers)).status).toBe(200);
  });
});

describe('the pages', () => {
  it.each(['/', '/login', '/fleet', '/tasks/task-1', '/v1/health', '/assets/app-abcd1234.js', '/nothing.js'])(
    '%s tells the browser to run nothing inline and nothing foreign, in no frame',
    async path => {
      const { ask } = serve();
      const { headers } = await ask('GET', path);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
    },
  );

  it('are one page for every place without a dot, and files by their names', async () => {
    const { ask } = serve();
    for (const path of ['/', '/fleet', '/tasks/task-1'])
      expect(await (await ask('GET', path)).text()).toBe('<!doctype html>console');
    const script = await ask('GET', '/assets/app-abcd1234.js');
    expect(await script.text()).toBe('app');
    expect(script.headers.get('cache-control')).toContain('immutable');
    expect(script.headers.get('content-type')).toContain('javascript');
    expect((await ask('GET', '/icon.svg')).headers.get('cache-control')).toBe('no-cache');
    expect((await ask('GET', '/')).headers.get('cache-control')).toBe('no-cache');
  });

  it.each([
    '/../outside.txt',
    '/%2e%2e/outside.txt',
    '/..%2foutside.txt',
    '/assets/..%2f..%2foutside.txt',
    '/link.txt',
    '/.secret.txt',
    '/assets/%00.js',
    '/%E0%A4%A.js',
    '/nothing.js',
  ])('never leave their folder: %s', async path => {
    const { ask } = serve();
    const answer = await ask('GET', path);
    const text = await answer.text();
    expect(answer.status).toBe(404);
    expect(text).not.toMatch(/outside$|hidden/);
  });

  it('say so when they were not built; the way in is there all the same', async () => {
    const { ask } = serve({ folder: '/nonexistent' });
    const answer = await ask('GET', '/fleet');
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('npm run build');
    expect((await ask('GET', '/login')).status).toBe(200);
  });

  it('the way in has nothing inline either', async () => {
    const { ask } = serve();
    const page = await (await ask('GET', '/login')).text();
    expect(page).not.toMatch(/<script>|<style|\son\w+=|style=/);
  });
});
