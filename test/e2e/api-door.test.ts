import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../src/api/caller.ts';
import { readAuditLog } from '../../src/store/audit-log.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';

/** The daemon as others reach it: a real one on a port, asked as programs, browsers and attackers ask (R13). */
let folder: string;
let daemon: DaemonUnderTest;
let port = 0;
const tokens: Partial<Record<Role, string>> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-api-door-'));
  daemon = await DaemonUnderTest.start(folder);
  const here = { folder, overrides: {} };
  port = Number(new URL((await daemon.api.openConsole(here, { port: 0, address: '127.0.0.1' })).url).port);
  for (const role of ['viewer', 'operator', 'approver', 'admin'] as const)
    tokens[role] = (await daemon.api.addToken(here, { name: role, role })).token;
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}
interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly agent?: Agent;
}

async function ask({
  method = 'GET',
  path = '/v1/health',
  headers = {},
  body,
  agent,
}: Asked): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const outgoing = request(
      { host: '127.0.0.1', port, method, path, headers: { ...type, ...headers }, ...(agent && { agent }) },
      incoming => {
        const pieces: Buffer[] = [];
        incoming.on('data', piece => pieces.push(piece as Buffer));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
const as = (role: Role): Readonly<Record<string, string>> => ({ authorization: `Bearer ${tokens[role]}` });
const code = ({ text }: Answer): string => (JSON.parse(text) as { error: { code: string } }).error.code;

describe('who asks', () => {
  it('is nobody without a token, with a wrong one, with a removed and with an expired one', async () => {
    expect((await ask({})).status).toBe(401);
    expect((await ask({ headers: { authorization: `Bearer dhk_${'x'.repeat(43)}` } })).status).toBe(401);
    const here = { folder, overrides: {} };
    const gone = await daemon.api.addToken(here, { name: 'gone', role: 'viewer' });
    const brief = await daemon.api.addToken(here, { name: 'brief', role: 'viewer', expiresIn: 1000 });
    const by = (token: string): Asked => ({ headers: { authorization: `Bearer ${token}` } });
    expect((await ask(by(gone.token))).status).toBe(200);
    await daemon.api.removeToken('gone');
    expect((await ask(by(gone.token))).status).toBe(401);
    while (Date.now() < (brief.view.expiresAt ?? 0)) await new Promise(resolve => setTimeout(resolve, 50));
    expect((await ask(by(brief.token))).status).toBe(401);
  });

  it('may do what the role may: submit, decide, administer', async () => {
    const submission = { kind: 'ssh.connect', hosts: 'nobody-knows-it', params: {} };
    const submit = (role: Role): Promise<Answer> =>
      ask({ method: 'POST', path: '/v1/tasks', headers: as(role), body: submission });
    const decide = (role: Role): Promise<Answer> =>
      ask({
        method: 'POST',
        path: '/v1/approvals/a-1/decide',
        headers: as(role),
        body: { answer: 'approved' },
      });
    const pause = (role: Role): Promise<Answer> =>
      ask({ method: 'POST', path: '/v1/queue/resume', headers: as(role) });
    const statuses = async (each: (role: Role) => Promise<Answer>): Promise<readonly number[]> =>
      (await Promise.all((['viewer', 'operator', 'approver', 'admin'] as const).map(each))).map(
        ({ status }) => status,
      );
    // 404: let through, and there is no such host or approval
    expect(await statuses(submit)).toEqual([403, 404, 403, 404]);
    expect((await statuses(decide)).map(status => status === 403)).toEqual([true, true, false, false]);
    expect(await statuses(pause)).toEqual([403, 403, 403, 200]);
    expect(await statuses(role => ask({ headers: as(role) }))).toEqual([200, 200, 200, 200]);
  });

  it('reads no file of this machine, takes no settings of its own, approves nothing of its own', async () => {
    const submit = async (body: object): Promise<Answer> =>
      await ask({ method: 'POST', path: '/v1/tasks', headers: as('operator'), body });
    for (const kind of ['scp.upload', 'scp.download', 'scp.sync', 'scp.copy', 'ssh.tunnel', 'model.deploy'])
      expect(code(await submit({ kind, hosts: 'all', params: {} })), kind).toBe('api.forbidden');
    const yes = {
      kind: 'ssh.execute',
      hosts: 'all',
      params: { command: 'id', approval: { hash: 'a'.repeat(12) } },
    };
    expect(code(await submit(yes))).toBe('api.forbidden');
    const run = { kind: 'agent.run', hosts: 'all', params: { intent: 'x', mode: 'run', approve: 'yes' } };
    expect(code(await submit(run))).toBe('api.forbidden');
    // whatever place it names, it stands where its token was made: this file is never read
    const elsewhere = { folder: '/etc', settingsFile: '/etc/shadow', overrides: { 'policy.mode': 'off' } };
    const hosts = { method: 'POST', path: '/v1/hosts/list', headers: as('viewer') };
    const answer = await ask({ ...hosts, body: { surroundings: elsewhere } });
    expect(answer).toMatchObject({ status: 200, text: '{"hosts":[]}' });
  });

  it('comes under the right name and from its own pages only', async () => {
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.2:${port}`])
      expect(code(await ask({ headers: { ...as('admin'), host } })), host).toBe('api.refused-origin');
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${port}`])
      expect(code(await ask({ headers: { ...as('admin'), origin } })), origin).toBe('api.refused-origin');
    const own = { ...as('admin'), origin: `http://localhost:${port}`, host: `localhost:${port}` };
    expect((await ask({ headers: own })).status).toBe(200);
  });
});

describe('a browser', () => {
  it('signs in once by a link, and stays signed in when the daemon was killed', async () => {
    const { url, expiresAt } = await daemon.api.loginLink();
    expect(expiresAt - Date.now()).toBeLessThanOrEqual(300_000);
    const token = url.split('#')[1];
    const login = { method: 'POST', path: '/v1/session', body: { token } };
    const first = await ask(login);
    expect(first.status).toBe(200);
    expect((await ask(login)).status).toBe(401);
    const cookie = (first.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
    expect((await ask({ headers: { cookie } })).status).toBe(200);
    await daemon.kill();
    await daemon.start();
    // the same port, held again
    expect((await ask({ headers: { cookie } })).status).toBe(200);
    expect((await ask({ headers: as('viewer') })).status).toBe(200);
    const { csrf } = JSON.parse((await ask({ path: '/v1/session', headers: { cookie } })).text) as {
      csrf: string;
    };
    const resume = { method: 'POST', path: '/v1/queue/resume' };
    expect((await ask({ ...resume, headers: { cookie } })).status).toBe(403);
    const headers = { cookie, 'x-deckhand-csrf': csrf };
    expect((await ask({ ...resume, headers })).status).toBe(200);
    expect((await ask({ method: 'DELETE', path: '/v1/session', headers })).status).toBe(200);
    expect((await ask({ headers: { cookie } })).status).toBe(401);
  });
});

describe('too much', () => {
  it('a body of 100 MB is refused, declared or not, and others are served meanwhile', async () => {
    const send = async (headers: Record<string, string>): Promise<number> =>
      await new Promise((resolve, reject) => {
        const path = '/v1/tasks';
        const outgoing = request(
          { host: '127.0.0.1', port, method: 'POST', path, headers: { ...as('operator'), ...headers } },
          incoming => {
            resolve(incoming.statusCode ?? 0);
            incoming.resume();
          },
        );
        // the daemon may close what it does not read on: the answer counts
        outgoing.on('error', error => setTimeout(reject, 1000, error));
        const piece = randomBytes(1024 * 1024);
        let left = 100;
        const write = (): void => {
          while (left > 0) {
            left -= 1;
            if (!outgoing.write(piece)) {
              outgoing.once('drain', write);
              return;
            }
          }
          outgoing.end();
        };
        write();
      });
    const type = { 'content-type': 'application/json' };
    const size = String(100 * 1024 * 1024);
    expect(await send({ ...type, 'content-length': size })).toBe(413);
    const chunked = send({ ...type, 'transfer-encoding': 'chunked' });
    expect((await ask({ headers: as('viewer') })).status).toBe(200);
    expect(await chunked).toBe(413);
  });

  it('1,000 requests at once by one caller: a typed 429 with Retry-After; another caller and the socket are served', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const answers: Answer[] = [];
    do {
      const storm = Array.from({ length: 1000 }, () => ask({ headers: as('operator'), agent }));
      expect((await daemon.api.health()).status).toBe('ok');
      answers.push(...(await Promise.all(storm)));
      // a busy machine may be too slow to be too fast
    } while (answers.every(({ status }) => status === 200) && answers.length < 5000);
    agent.destroy();
    const refused = answers.filter(({ status }) => status === 429);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]));
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect(code(refused[0] as Answer)).toBe('api.rate-limited');
    await new Promise(resolve => setTimeout(resolve, 1000));
    expect((await ask({ headers: as('viewer') })).status).toBe(200);
  });

  it('connections that send a letter now and then are closed, and nobody waits for them', async () => {
    const slow = Array.from({ length: 100 }, () => connect(port, '127.0.0.1'));
    // how it is closed, with a word or without, is the daemon's affair
    const closed = Promise.all(
      slow.map(socket => new Promise(resolve => socket.on('error', () => {}).once('close', resolve))),
    );
    for (const socket of slow) socket.resume().write('GET /v1/health HTTP/1.1\r\nHost: 127.0.0.1');
    const drip = setInterval(() => slow.forEach(socket => socket.writable && socket.write('1')), 500);
    for (let count = 0; count < 10; count += 1)
      expect((await ask({ headers: as('viewer') })).status).toBe(200);
    await closed;
    clearInterval(drip);
  });

  it('more open streams than one caller may have', async () => {
    const path = '/v1/changes';
    const open: { destroy(): void }[] = [];
    const status = async (): Promise<number> =>
      await new Promise((resolve, reject) => {
        const outgoing = request({ host: '127.0.0.1', port, path, headers: as('approver') }, incoming => {
          resolve(incoming.statusCode ?? 0);
        });
        outgoing.on('error', reject);
        outgoing.end();
        open.push(outgoing);
      });
    const statuses: number[] = [];
    for (let count = 0; count < 40; count += 1) statuses.push(await status());
    expect(statuses.filter(each => each === 200)).toHaveLength(32);
    expect(statuses.at(-1)).toBe(429);
    open.forEach(each => each.destroy());
    // they count until the daemon saw them go
    for (;;) {
      const now = await status();
      open.at(-1)?.destroy();
      if (now === 200) break;
    }
  });
});

describe('the audit', () => {
  it('has every changing call and every refusal, chained, and no secret', async () => {
    const records = await readAuditLog(join(daemon.places.folder));
    const of = (who: string): readonly string[] =>
      records.filter(each => each.who === who).map(({ action, why }) => `${action} ${why}`);
    expect(of('token:viewer')).toContain('api.submit refused api.forbidden');
    expect(of('token:operator')).toContain('api.submit failed fleet.unknown-host');
    expect(of('token:admin')).toContain('api.resumeQueue done');
    expect(of('nobody').some(text => text.includes('api.unauthorised'))).toBe(true);
    expect(of('nobody').some(text => text.startsWith('api.unknown refused api.refused-origin'))).toBe(true);
    expect(records.some(({ who, action }) => action === 'api.addToken' && who !== 'nobody')).toBe(true);
    const text = JSON.stringify(records);
    for (const token of Object.values(tokens)) expect(text).not.toContain(token);
    const page = await ask({ path: '/v1/audit?limit=5', headers: as('admin') });
    expect((JSON.parse(page.text) as { entries: unknown[] }).entries).toHaveLength(5);
    expect((await ask({ path: '/v1/audit', headers: as('operator') })).status).toBe(403);
  });
});
