import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectClient } from '../../src/api/http/connect.ts';
import type { TaskApi } from '../../src/api/task-api.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { type LabFleet, labFleet, onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';

/** Files of a host as an editor has them, and callers that may touch some hosts and kinds only. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
let daemon: DaemonUnderTest;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-host-files-'));
  fleet = await labFleet([234], folder);
  [host] = fleet.hosts as [LabHost];
  daemon = await DaemonUnderTest.start(folder);
  ({ url } = await daemon.api.openConsole(fleet.surroundings, { port: 0, address: '127.0.0.1' }));
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
/** Whoever has nothing but a token: no place, no socket. */
async function bearer(name: string, limits: { kinds?: readonly string[]; hosts?: string }): Promise<TaskApi> {
  const { token } = await daemon.api.addToken(fleet.surroundings, { name, role: 'operator', ...limits });
  return connectClient({ url, token });
}
const nowhere = { folder: '', overrides: {} };

it('reads a file whole, and saves it in one move with mode, owner and link as they were', async () => {
  await onHost(
    host,
    "printf 'a\\n' > /etc/edited; chown 65534:65534 /etc/edited; chmod 0640 /etc/edited; ln -s edited /etc/link",
  );
  await using editor = await bearer('editor', {});
  const file = await editor.readFile(nowhere, host.name, '/etc/link');
  expect(file).toMatchObject({ hash: hashOf('a\n'), mode: '0640', owner: 'nobody' });
  expect(Buffer.from(file.content).toString()).toBe('a\n');
  const inode = await onHost(host, 'stat -c %i /etc/edited');
  const written = await editor.writeFile(nowhere, host.name, {
    path: '/etc/link',
    content: bytes('b – ü\n'),
    expected: file.hash,
  });
  expect(written).toMatchObject({ hash: hashOf('b – ü\n'), mode: '0640', owner: 'nobody' });
  expect(await onHost(host, "cat /etc/edited; stat -c '%a %u:%g' /etc/edited; readlink /etc/link")).toBe(
    'b – ü\n640 65534:65534\nedited\n',
  );
  expect(await onHost(host, 'stat -c %i /etc/edited')).not.toBe(inode);
  // saved by two at once: the second is told, and nothing is lost
  const again = { path: '/etc/edited', content: bytes('c'), expected: file.hash };
  await expect(editor.writeFile(nowhere, host.name, again)).rejects.toMatchObject({ code: 'file.changed' });
  expect(await onHost(host, 'cat /etc/edited; ls -A /etc | grep -c "^\\.deckhand" || true')).toBe(
    'b – ü\n0\n',
  );
});

it('makes a file where there is none, and refuses what is no plain file, too large, or not there', async () => {
  const { api } = daemon;
  const at = fleet.surroundings;
  const fresh = { path: '/root/a b;$(touch x)', content: bytes(''), expected: 'none' as const, mode: '0600' };
  await expect(api.writeFile(at, host.name, fresh)).resolves.toMatchObject({ mode: '0600', bytes: 0 });
  await expect(api.writeFile(at, host.name, { ...fresh, content: bytes('x') })).rejects.toMatchObject({
    code: 'file.changed',
  });
  await onHost(host, 'head -c 2097153 /dev/zero > /root/large; mkfifo /root/pipe');
  const codes = async (path: string): Promise<string> =>
    await api.readFile(at, host.name, path).then(
      () => 'read',
      (error: { code: string }) => error.code,
    );
  expect(await codes('/root/large')).toBe('file.too-large');
  expect(await codes('/root/pipe')).toBe('file.not-plain');
  expect(await codes('/root')).toBe('file.not-plain');
  expect(await codes('/root/none')).toBe('transfer.missing');
  expect(await codes('/root/../etc/hosts')).toBe('input.invalid');
  expect(await codes('relative')).toBe('input.invalid');
});

it('shows a caller with limits its own hosts and kinds, and nothing else', async () => {
  await using runner = await bearer('runner', { kinds: ['ssh.execute'], hosts: host.name });
  await using other = await bearer('other', { kinds: ['host.facts'] });
  const command = {
    kind: 'ssh.execute',
    hosts: host.name,
    params: { command: 'id -u' },
    surroundings: nowhere,
  };
  const { tasks } = await runner.submit(command);
  const id = tasks[0]?.id ?? '';
  expect((await daemon.ended(id)).state).toBe('succeeded');
  expect((await runner.tasks({})).tasks.map(task => task.kind)).toEqual(['ssh.execute']);
  expect((await other.tasks({})).tasks).toEqual([]);
  const forbidden = expect.objectContaining({ code: 'api.forbidden' });
  await expect(runner.readFile(nowhere, host.name, '/etc/hostname')).rejects.toEqual(forbidden);
  for (const call of [
    async () => await other.task(id),
    async () => await other.output(id, null, 10),
    async () => await other.cancel(id, false),
    async () => await other.retry(id),
    async () => await other.submit(command),
    async () => await other.stopAll({ force: false }),
    async () => await other.stopTunnel('any'),
    async () => await other.lines(id, { from: 1, count: 10, stream: null, search: null }),
  ])
    await expect(call()).rejects.toEqual(forbidden);
});
