import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, get } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalConnection } from '../../test/fakes/local-connection.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { Forward, TunnelChange } from '../core/tunnel.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { Tunnel, type TunnelOptions } from './tunnel.ts';

const { signal } = new AbortController();
const HERE = { host: '127.0.0.1', port: 0 };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dh-tunnels-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A host on this machine whose link a test cuts and refuses. */
class Host {
  refusal: DeckhandError | null = null;
  attempts = 0;
  #now: LocalConnection | null = null;

  readonly connect: TunnelOptions['connect'] = async ({ onStage }): Promise<SshConnection> => {
    this.attempts += 1;
    if (this.refusal) throw this.refusal;
    onStage('reachable');
    this.#now = new LocalConnection({ home: folder, shellDirectory: '/bin' });
    return this.#now;
  };
  cut(refusal: DeckhandError | null = null): void {
    this.refusal = refusal;
    this.#now?.lose();
  }
}

const away = new DeckhandError('ssh.refused', 'The host is away.');

async function open(
  forward: Forward,
  host: Host,
  options: Partial<TunnelOptions> = {},
): Promise<{ readonly tunnel: Tunnel; readonly changes: TunnelChange[] }> {
  const changes: TunnelChange[] = [];
  const tunnel = await Tunnel.open({
    host: 'local',
    forward,
    connect: host.connect,
    clock: systemClock,
    random: () => 0,
    onChange: change => changes.push(change),
    ...options,
  });
  return { tunnel, changes };
}

/** An HTTP server that says which request it is; `port` of it. */
async function website(): Promise<{ readonly target: Endpoint; readonly close: () => void }> {
  let served = 0;
  const server = createHttpServer((request, response) => {
    served += 1;
    response.end(`${request.method} ${request.url} ${served}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  return { target, close: () => server.close() };
}

function portOf(tunnel: Tunnel): number {
  const { listening } = tunnel;
  return listening && 'port' in listening ? listening.port : 0;
}
async function fetched(port: number, path = '/'): Promise<{ status: number; body: string; retry: unknown }> {
  const call = get({ host: '127.0.0.1', port, path, agent: false });
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
  return {
    status: response.statusCode ?? 0,
    body: await text(response),
    retry: response.headers['retry-after'],
  };
}
const local = (target: Endpoint, listen: Endpoint = HERE): Forward => ({ kind: 'local', listen, target });

describe('a local tunnel', () => {
  it('T11: holds what comes while it is down, on the same port, and serves it after', async () => {
    const host = new Host();
    const site = await website();
    const { tunnel, changes } = await open(local(site.target), host);
    await tunnel.ready(5_000, signal);
    const port = portOf(tunnel);
    expect((await fetched(port)).body).toBe('GET / 1');
    while (tunnel.status().statistics.open > 0) await new Promise(setImmediate);
    host.cut(away);
    const held = [fetched(port, '/a'), fetched(port, '/b')];
    while (tunnel.status().statistics.held < 2) await new Promise(setImmediate);
    host.refusal = null;
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200]);
    const { statistics } = tunnel.status();
    expect(statistics).toMatchObject({ total: 3, heldEver: 2, held: 0, failed: 0, reconnects: 1 });
    expect(statistics.sent).toBeGreaterThan(0);
    expect(statistics.received).toBeGreaterThan(0);
    expect(changes.filter(({ what }) => what === 'link').map(({ state }) => state)).toEqual([
      'up',
      'down',
      'up',
    ]);
    await tunnel.close();
    site.close();
  });

  it('T11: says why when the hold is over, and at once where nothing is held', async () => {
    const host = new Host();
    const { tunnel } = await open(local({ host: '127.0.0.1', port: 9 }), host, { hold: 200 });
    await tunnel.ready(5_000, signal);
    host.cut(away);
    const answer = await fetched(portOf(tunnel));
    expect(answer.status).toBe(503);
    expect(answer.retry).toBe('5');
    expect(JSON.parse(answer.body)).toMatchObject({
      error: { type: 'tunnel_down', message: expect.stringContaining('The host is away') },
    });
    // what is no HTTP gets no HTTP
    const raw = connect(portOf(tunnel), '127.0.0.1');
    raw.write('hello\n');
    await expect(once(raw, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await tunnel.close();
    const { tunnel: hasty } = await open(local({ host: '127.0.0.1', port: 9 }), host, { hold: 0 });
    expect((await fetched(portOf(hasty))).status).toBe(503);
    expect(hasty.status().statistics.heldEver).toBe(0);
    await hasty.close();
  });

  it('tries a target that refuses again: a server that restarts loses nothing', async () => {
    const host = new Host();
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const target = { host: '127.0.0.1', port: (probe.address() as AddressInfo).port };
    probe.close();
    await once(probe, 'close');
    const { tunnel } = await open(local(target), host);
    await tunnel.ready(5_000, signal);
    const answer = fetched(portOf(tunnel));
    while (tunnel.status().statistics.held < 1) await new Promise(setImmediate);
    const late = createHttpServer((_, response) => response.end('late')).listen(target.port, '127.0.0.1');
    expect((await answer).body).toBe('late');
    await tunnel.close();
    late.close();
  });

  it('drops a held request in HTTP whose client has hung up', async () => {
    const host = new Host();
    let served = 0;
    const server = createHttpServer((_, response) => {
      served += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    // longer than the test: only its going away can end the wait
    const { tunnel } = await open(local(target), host, { hold: 60_000 });
    await tunnel.ready(5_000, signal);
    host.cut(away);
    const client = connect(portOf(tunnel), '127.0.0.1');
    client.on('error', () => undefined);
    // it gave up: nobody waits for the answer
    client.end('POST /pay HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
    while (tunnel.status().statistics.failed < 1) await new Promise(setImmediate);
    host.refusal = null;
    tunnel.wake();
    expect((await fetched(portOf(tunnel))).status).toBe(200);
    expect(served).toBe(1);
    await tunnel.close();
    server.close();
  });

  it('cuts what was under way when the link breaks: half an answer is no whole one', async () => {
    const host = new Host();
    const clients: Socket[] = [];
    const server = createServer(socket => {
      clients.push(socket);
      socket.on('error', () => undefined);
      socket.write('half');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const target = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const { tunnel } = await open(local(target), host);
    await tunnel.ready(5_000, signal);
    const client = connect(portOf(tunnel), '127.0.0.1');
    expect(String((await once(client, 'data'))[0])).toBe('half');
    const ended = once(client, 'close');
    host.cut();
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
    while (tunnel.status().statistics.failed < 1) await new Promise(setImmediate);
    await tunnel.close();
    for (const each of clients) each.destroy();
    server.close();
  });

  it('lets each side end on its own, and loses no byte of 8 MiB', async () => {
    const host = new Host();
    const server = createServer({ allowHalfOpen: true }, socket => {
      let length = 0;
      // the look at the target's health hangs up at once
      socket.on('error', () => undefined);
      socket.on('data', piece => {
        length += piece.length;
      });
      socket.on('end', () => socket.end(`got ${length}`));
    }).listen(join(folder, 'target.sock'));
    await once(server, 'listening');
    const listen = { path: join(folder, 'near.sock') };
    const { tunnel } = await open(local({ path: join(folder, 'target.sock') }, listen), host);
    const client = connect({ path: listen.path, allowHalfOpen: true });
    client.end(Buffer.alloc(8 * 1024 * 1024));
    expect(await text(client)).toBe(`got ${8 * 1024 * 1024}`);
    expect(tunnel.status().statistics).toMatchObject({ sent: 8 * 1024 * 1024, failed: 0 });
    await tunnel.close();
    expect(existsSync(listen.path)).toBe(false);
    server.close();
  });

  it('T15: leaves no listener and no socket when it is closed, also while clients are held', async () => {
    const host = new Host();
    host.refusal = away;
    const { tunnel } = await open(local({ host: '127.0.0.1', port: 9 }), host);
    const port = portOf(tunnel);
    const client = connect(port, '127.0.0.1');
    const gone = once(client, 'close').catch(() => undefined);
    while (tunnel.status().statistics.held < 1) await new Promise(setImmediate);
    await tunnel.close();
    await gone;
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(tunnel.status()).toMatchObject({ link: 'closed', listening: null });
  });

  it('never tries again after refused credentials, until a person says so', async () => {
    const host = new Host();
    host.refusal = new DeckhandError('ssh.authentication-failed', 'no');
    const { tunnel } = await open(local({ host: '127.0.0.1', port: 9 }), host);
    await expect(tunnel.ready(5_000, signal)).rejects.toMatchObject({ code: 'ssh.authentication-failed' });
    const answer = await fetched(portOf(tunnel));
    expect(JSON.parse(answer.body)).toMatchObject({ error: { type: 'tunnel_needs_attention' } });
    expect(answer.retry).toBeUndefined();
    expect(host.attempts).toBe(1);
    host.refusal = null;
    tunnel.wake();
    await tunnel.ready(5_000, signal);
    expect(host.attempts).toBe(2);
    await tunnel.close();
  });

  it('L13: holds its port; another one may fall back, or is told that it is taken', async () => {
    const host = new Host();
    const target = { host: '127.0.0.1', port: 9 };
    const { tunnel: first } = await open(local(target), host);
    const listen = { host: '127.0.0.1', port: portOf(first) };
    await expect(open(local(target, listen), host)).rejects.toMatchObject({ code: 'tunnel.port-busy' });
    const { tunnel: second } = await open(local(target, listen), host, { anyPort: true });
    expect(portOf(second)).not.toBe(listen.port);
    await first.close();
    await second.close();
  });

  it('takes over the socket of a killed process, but no living one, no file and no endless path', async () => {
    const host = new Host();
    const path = join(folder, 'a.sock');
    const target = { host: '127.0.0.1', port: 9 };
    const { tunnel } = await open(local(target, { path }), host);
    await expect(open(local(target, { path }), host)).rejects.toMatchObject({ code: 'tunnel.port-busy' });
    await tunnel.close();
    const file = join(folder, 'file');
    writeFileSync(file, '');
    for (const refused of [file, `/tmp/${'x'.repeat(110)}`])
      await expect(open(local(target, { path: refused }), host)).rejects.toMatchObject({
        code: 'tunnel.local-refused',
      });
  });
});

describe('a dynamic tunnel', () => {
  it('leads where its client says, and answers in SOCKS when it cannot', async () => {
    const host = new Host();
    const site = await website();
    const { tunnel } = await open({ kind: 'dynamic', listen: HERE }, host, { hold: 0 });
    await tunnel.ready(5_000, signal);
    const port = 'port' in site.target ? site.target.port : 0;
    const ask = async (wanted: number): Promise<Buffer> => {
      const client = connect(portOf(tunnel), '127.0.0.1');
      client.write(Buffer.from([5, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, wanted >> 8, wanted & 255]));
      client.write('GET /x HTTP/1.0\r\n\r\n');
      const pieces: Buffer[] = [];
      for await (const piece of client) pieces.push(piece as Buffer);
      return Buffer.concat(pieces);
    };
    const answer = await ask(port);
    expect([...answer.subarray(0, 4)]).toEqual([5, 0, 5, 0]);
    expect(String(answer)).toMatch(/GET \/x 1$/);
    expect([...(await ask(1)).subarray(0, 4)]).toEqual([5, 0, 5, 5]);
    await tunnel.close();
    site.close();
  });
});

describe('a remote tunnel', () => {
  it('lets the host listen, leads back here, and listens again after a cut', async () => {
    const host = new Host();
    const site = await website();
    const { tunnel } = await open({ kind: 'remote', listen: HERE, target: site.target }, host);
    await tunnel.ready(5_000, signal);
    const port = portOf(tunnel);
    expect((await fetched(port)).body).toBe('GET / 1');
    host.cut();
    while (tunnel.listening) await new Promise(setImmediate);
    await tunnel.ready(5_000, signal);
    expect(portOf(tunnel)).toBe(port);
    expect((await fetched(port)).body).toBe('GET / 2');
    await tunnel.close();
    await expect(once(connect(port, '127.0.0.1'), 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    site.close();
  });
});

describe('health (L17)', () => {
  it('is told on change only, with history; a stopped target is seen (T10)', async () => {
    const host = new Host();
    const site = await website();
    const { tunnel, changes } = await open(local(site.target), host, {
      health: { interval: 0, path: '/health' },
    });
    await tunnel.ready(5_000, signal);
    expect((await tunnel.checkHealth()).state).toBe('healthy');
    await tunnel.checkHealth();
    site.close();
    expect(await tunnel.checkHealth()).toMatchObject({ state: 'down', latency: null });
    const told = changes.filter(({ what }) => what === 'health');
    expect(told.map(({ state }) => state)).toEqual(['healthy', 'down']);
    expect(tunnel.status().history).toEqual(changes);
    await tunnel.close();
  });
});
