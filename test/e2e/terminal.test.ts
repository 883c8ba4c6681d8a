import { appendFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { connectClient } from '../../src/api/http/connect.ts';
import type { TaskApi } from '../../src/api/task-api.ts';
import type { TerminalWish } from '../../src/api/terminal-contract.ts';
import { readAuditLog } from '../../src/store/audit-log.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { type LabFleet, labFleet, onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { SeenTerminal } from './seen-terminal.ts';

/** Terminals of a real daemon on a real host: over its socket, over its port, with tokens and with cookies. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
let daemon: DaemonUnderTest;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-terminal-'));
  fleet = await labFleet([237], folder);
  [host] = fleet.hosts as [LabHost];
  await appendFile(
    fleet.surroundings.sshConfigFile ?? '',
    `\nHost unknown-key\n  HostName ${host.address}\n  Port ${host.port}\n  User ${host.user}\n  IdentityFile ${host.keyFile}\n  UserKnownHostsFile ${folder}/nobody-known\n`,
  );
  daemon = await DaemonUnderTest.start(folder);
  ({ url } = await daemon.api.openConsole(fleet.surroundings, { port: 0, address: '127.0.0.1' }));
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const SIZE = { columns: 80, rows: 24 };
const nowhere = { folder: '', overrides: {} };
const overrides = (given: Readonly<Record<string, string>>) => ({ ...fleet.surroundings, overrides: given });

async function open(
  api: TaskApi,
  {
    at = fleet.surroundings,
    wish = {},
    after = 0,
    name = host.name,
    keepText = true,
    signal = new AbortController().signal,
  }: {
    at?: typeof nowhere;
    wish?: Partial<TerminalWish>;
    after?: number;
    name?: string;
    keepText?: boolean;
    signal?: AbortSignal;
  } = {},
): Promise<{ seen: SeenTerminal; id: string }> {
  const { terminal, ticket } = await api.openTerminal(at, name, { ...SIZE, ...wish });
  return {
    seen: new SeenTerminal(await api.attachTerminal(name, ticket, { signal, after }), keepText),
    id: terminal,
  };
}

async function bearer(name: string, role: 'viewer' | 'operator'): Promise<TaskApi & { token: string }> {
  const { token } = await daemon.api.addToken(fleet.surroundings, { name, role });
  return { ...connectClient({ url, token }), token };
}

it('is a terminal: echo, size, Ctrl-C, every byte of a full screen, the exit code', async () => {
  const { seen } = await open(daemon.api, { wish: { columns: 91, rows: 33 } });
  await seen.type('stty size; echo T-$TERM\r');
  await seen.shows('33 91');
  await seen.shows('T-xterm-256color');
  seen.line.resize({ columns: 120, rows: 40 });
  await seen.type('stty size\r');
  await seen.shows('40 120');
  // of one program: between two commands of the shell's own, Ctrl-C may come before the second has the terminal
  await seen.type(`sh -c 'echo go""ing; exec sleep 600'\r`);
  await seen.shows('going');
  await seen.type('\x03');
  await seen.type('echo caught-$?\r');
  await seen.shows('caught-130');
  // as vi does it: another screen, places, colours, a title, and back
  const screen = String.raw`\033[?1049h\033[2J\033[7;3H\033[38;2;1;2;3mRED\033]0;a title\007\033[?1049l`;
  await seen.type(`stty -echo; printf '${screen}'; exit 7\r`);
  await seen.shows('\x1b[?1049h\x1b[2J\x1b[7;3H\x1b[38;2;1;2;3mRED\x1b]0;a title\x07\x1b[?1049l');
  expect(await seen.ends()).toEqual({ exitCode: 7, signal: null, error: null });
});

/** Bytes of memory the daemon has. */
const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;

it('holds a program that prints 50 MB until a slow reader takes them, in little memory', async () => {
  const { seen } = await open(daemon.api, { keepText: false });
  await seen.says('opened');
  const before = memoryOf(daemon.pid);
  const release = seen.hold();
  // it prints before it is read: so much that nothing but the window could stop it
  await seen.type(
    "stty raw -echo; head -c 50000000 /dev/zero | tr '\\0' x; touch /tmp/printed; read line; exit 0\r",
  );
  await onHost(host, 'until pgrep -x tr >/dev/null; do sleep 0.1; done; sleep 1; ! [ -e /tmp/printed ]');
  expect(memoryOf(daemon.pid) - before).toBeLessThan(48 * 1024 * 1024);
  release();
  await seen.until('all of it came', () => seen.bytes >= 50_000_000);
  // what went through lies about for a while as garbage, and so does what the allocator keeps of it
  expect(memoryOf(daemon.pid) - before).toBeLessThan(192 * 1024 * 1024);
  await seen.type('\n');
  expect((await seen.ends()).exitCode).toBe(0);
  expect(seen.bytes).toBeLessThan(50_010_000);
});

it('lives on when the browser leaves: what came meanwhile is shown to whoever comes back, and to nobody else', async () => {
  const mine = await bearer('mine', 'operator');
  const other = await bearer('other', 'operator');
  const leaving = new AbortController();
  const { seen, id } = await open(mine, { at: nowhere, signal: leaving.signal });
  await seen.type('echo be""fore; until [ -e /tmp/left ]; do sleep 0.1; done; echo mean""while\r');
  await seen.shows('before');
  leaving.abort();
  await onHost(host, 'touch /tmp/left');
  await expect(open(other, { at: nowhere, wish: { terminal: id } })).rejects.toMatchObject({
    code: 'terminal.unknown',
  });
  const { ticket } = await mine.openTerminal(nowhere, host.name, { ...SIZE, terminal: id });
  const way = { signal: new AbortController().signal };
  await expect(other.attachTerminal(host.name, ticket, way)).rejects.toMatchObject({
    code: 'terminal.ticket-invalid',
  });
  // a stolen ticket is worth nothing, and neither is it any more
  await expect(mine.attachTerminal(host.name, ticket, way)).rejects.toMatchObject({
    code: 'terminal.ticket-invalid',
  });
  const back = (await open(mine, { at: nowhere, wish: { terminal: id }, after: seen.bytes })).seen;
  await back.shows('meanwhile');
  expect(back.text).not.toContain('before');
  await back.type('echo aft""er\r');
  await back.shows('after');
  // a page that was loaded anew has seen nothing: all of it comes again
  const anew = (await open(mine, { at: nowhere, wish: { terminal: id } })).seen;
  await anew.shows(/before[^]*meanwhile[^]*after/);
  await back.says('replaced');
  await anew.type('exit\r');
  expect((await anew.ends()).exitCode).toBe(0);
});

it('ends when its token is removed, when its session is left, when nobody comes back or types', async () => {
  const gone = await bearer('gone', 'operator');
  const { seen } = await open(gone, { at: nowhere });
  await seen.type('echo $$ >/tmp/shell; echo u""p\r');
  await seen.shows('up');
  await daemon.api.removeToken('gone');
  expect((await seen.ends()).error?.code).toBe('terminal.revoked');
  // the shell is gone from the host as well
  await onHost(host, 'while kill -0 $(cat /tmp/shell) 2>/dev/null; do sleep 0.1; done');
  const idle = await open(daemon.api, { at: overrides({ 'terminal.idle': '300ms' }) });
  expect((await idle.seen.ends()).error?.code).toBe('terminal.idle');
  const leaving = new AbortController();
  const left = await open(daemon.api, {
    at: overrides({ 'terminal.keep': '100ms' }),
    signal: leaving.signal,
  });
  await left.seen.says('opened');
  leaving.abort();
  await expect
    .poll(
      async () => {
        const wish = { ...SIZE, terminal: left.id };
        return await daemon.api.openTerminal(fleet.surroundings, host.name, wish).then(
          () => '',
          error => error.code,
        );
      },
      { timeout: 60_000 },
    )
    .toBe('terminal.unknown');
});

it('asks what the host wants to know before it lets anybody in', async () => {
  const { seen } = await open(daemon.api, { name: 'unknown-key' });
  const asked = await seen.says('question');
  if (asked.item !== 'question') throw new Error('no question');
  expect(asked.question).toMatchObject({ ask: 'accept-host-key', host: 'unknown-key' });
  seen.line.answer(asked.question.id, 'yes');
  await seen.says('question-closed');
  await seen.says('opened');
  await seen.type('exit 3\r');
  expect((await seen.ends()).exitCode).toBe(3);
  const away = await open(daemon.api, { at: fleet.surroundings, name: 'unknown-key' });
  await away.seen.says('opened');
  away.seen.line.close();
  expect(await away.seen.ends()).toEqual({ exitCode: null, signal: null, error: null });
});

it('is refused by the policy, for a viewer and for a program; limits hold', async () => {
  for (const mode of ['read-only', 'allow-list'])
    await expect(open(daemon.api, { at: overrides({ 'policy.mode': mode }) })).rejects.toMatchObject({
      code: 'policy.refused',
    });
  const asking = overrides({ 'policy.mode': 'ask' });
  const refusal = await open(daemon.api, { at: asking }).catch((error: unknown) => error);
  expect(refusal).toMatchObject({ code: 'policy.needs-approval' });
  const { hash } = (refusal as { details: { hash: string } }).details;
  const approved = await open(daemon.api, { at: asking, wish: { approval: { hash } } });
  approved.seen.line.close();
  const viewer = await bearer('viewer', 'viewer');
  await expect(open(viewer, { at: nowhere })).rejects.toMatchObject({ code: 'api.forbidden' });
  const program = connectClient({ socketPath: daemon.places.socket, as: 'mcp:claude' });
  await expect(open(program)).rejects.toMatchObject({ code: 'api.forbidden' });
  await program[Symbol.asyncDispose]();
  await approved.seen.ends();
  const many = await Promise.all(Array.from({ length: 6 }, async () => await open(daemon.api)));
  await expect(open(daemon.api)).rejects.toMatchObject({ code: 'terminal.too-many' });
  for (const { seen } of many) seen.line.close();
  await Promise.all(many.map(async ({ seen }) => await seen.ends()));
});

/** What a browser's socket comes to: opened, or the status it is refused with. */
async function knock(headers: Readonly<Record<string, string>>, ticket: string): Promise<number | WebSocket> {
  const path = `/v1/hosts/${host.name}/terminal`;
  const socket = new WebSocket(url.replace('http', 'ws') + path, ['deckhand-terminal.1', ticket], {
    headers,
  });
  return await new Promise((resolve, reject) => {
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.once('open', () => resolve(socket));
    socket.once('error', reject);
  });
}

it('opens for pages of ours only; signing out ends it', async () => {
  const { url: link } = await daemon.api.loginLink();
  const login = await fetch(`${url}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: new URL(link).hash.slice(1) }),
  });
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const { csrf } = (await login.json()) as { csrf: string };
  const ask = async (headers: Readonly<Record<string, string>>): Promise<Response> =>
    await fetch(`${url}/v1/hosts/${host.name}/terminal`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie, ...headers },
      body: JSON.stringify(SIZE),
    });
  // a ticket is what a page of ours can get, and no other
  expect((await ask({})).status).toBe(403);
  expect((await ask({ 'x-deckhand-csrf': csrf, origin: 'http://evil.example' })).status).toBe(403);
  const ticket = async (): Promise<string> =>
    ((await (await ask({ 'x-deckhand-csrf': csrf })).json()) as { ticket: string }).ticket;
  const tickets = [await ticket(), await ticket(), await ticket()] as const;
  expect(await knock({ cookie, origin: 'http://evil.example' }, tickets[0])).toBe(403);
  expect(await knock({ cookie }, tickets[0])).toBe(403);
  expect(await knock({ origin: url }, tickets[0])).toBe(401);
  expect(await knock({ cookie, origin: url, host: 'evil.example' }, tickets[0])).toBe(403);
  expect(await knock({ cookie, origin: url }, 'x'.repeat(43))).toBe(403);
  const opened = await knock({ cookie, origin: url }, tickets[0]);
  if (typeof opened === 'number') throw new Error(`refused with ${opened}`);
  const words: string[] = [];
  const closed = new Promise<number>(resolve => opened.once('close', resolve));
  opened.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) words.push(data.toString());
  });
  await fetch(`${url}/v1/session`, { method: 'DELETE', headers: { cookie, 'x-deckhand-csrf': csrf } });
  expect(await closed).toBe(4401);
  expect(words.join()).toContain('terminal.revoked');
  expect(await knock({ cookie, origin: url }, tickets[1])).toBe(401);
});

it('is in the audit log, and written down where the policy says so: output only, for this account only', async () => {
  const { seen, id } = await open(daemon.api, { at: overrides({ 'policy.terminal.record': 'true' }) });
  await seen.type('stty -echo; echo as""ked; read secret; stty echo; echo th""anks\r');
  await seen.shows('asked');
  await seen.type('hunter2-not-for-the-disk\r');
  await seen.shows('thanks');
  seen.line.resize({ columns: 100, rows: 30 });
  await seen.type('exit 4\r');
  await seen.ends();
  const store = join(daemon.places.folder, 'terminals');
  const file = join(store, `${id}.cast`);
  expect([(await stat(store)).mode & 0o777, (await stat(file)).mode & 0o777]).toEqual([0o700, 0o600]);
  // the end is told without waiting for what is still being written
  await expect.poll(async () => await readFile(file, 'utf8'), { timeout: 60_000 }).toContain('"100x30"');
  const text = await readFile(file, 'utf8');
  const [head, ...events] = text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as unknown);
  expect(head).toMatchObject({ version: 2, width: 80, height: 24 });
  expect(events).toContainEqual([expect.any(Number), 'r', '100x30']);
  const shown = (events as [number, string, string][])
    .filter(([, kind]) => kind === 'o')
    .map(([, , part]) => part)
    .join('');
  expect(shown).toContain('thanks');
  expect(text).not.toContain('hunter2');
  expect((await readdir(store)).length).toBe(1);
  const audited = async () => (await readAuditLog(dirname(store))).filter(({ command }) => command === id);
  await expect.poll(async () => (await audited()).length, { timeout: 60_000 }).toBe(2);
  expect(await audited()).toMatchObject([
    { action: 'terminal.open', hosts: [host.name], why: 'recorded' },
    { action: 'terminal.close', why: expect.stringMatching(/^exit 4; \d+ s, \d+ bytes out, \d+ bytes in$/) },
  ]);
});
