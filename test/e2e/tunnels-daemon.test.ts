import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { TunnelView } from '../../src/api/contract.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { until as awaited } from '../faults/fault.ts';
import { type LabFleet, labFleet } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { type CommandResult, deckhand } from './deckhand-command.ts';
import { ask, installSite, SITE_PORT } from './tunnel-site.ts';

/** Tunnels as people have them: by the command line, kept by a daemon that is killed in between. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
let daemon: DaemonUnderTest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dh-tunnels-daemon-'));
  fleet = await labFleet([21], folder);
  [host] = fleet.hosts as [LabHost];
  await installSite(host);
  daemon = await DaemonUnderTest.start(folder);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** 4: it is there, and not connected within twenty seconds, as on a machine that is very busy. */
const CONNECTS = [0, 4];

async function tunnel(...words: readonly string[]): Promise<CommandResult> {
  return await deckhand(['tunnel', ...words], { folder });
}
async function add(name: string, ...words: readonly string[]): Promise<CommandResult> {
  return await tunnel('add', name, host.name, '-F', fleet.surroundings.sshConfigFile ?? '', ...words);
}
function portOf(view: TunnelView): number {
  const listening = view.status?.listening;
  return listening && 'port' in listening ? listening.port : 0;
}
const serves = async (port: number): Promise<boolean> =>
  await ask(port).then(
    ({ body }) => body === 'the page',
    () => false,
  );

/** A busy machine takes its time. */
async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  await awaited(what, 150_000, async () => ((await holds()) ? true : undefined));
}

it('adds, lists, restores after a killed daemon, stops, starts and removes; nothing is left', async () => {
  const added = await add('web', '-L', `0:localhost:${SITE_PORT}`, '--json');
  expect(CONNECTS, added.stderr).toContain(added.code);
  const { tunnel: view } = JSON.parse(added.stdout) as { tunnel: TunnelView };
  const port = portOf(view);
  expect(view).toMatchObject({ name: 'web', host: host.name });
  await until('it is up', async () => (await daemon.api.tunnel('web')).state === 'up');
  expect(await serves(port)).toBe(true);
  // the same again is no second one; another of this name is refused
  expect(await add('web', '-L', `0:localhost:${SITE_PORT}`)).toMatchObject({ code: 0 });
  expect((await add('web', '-D', '0')).stderr).toContain('tunnel.exists');

  await daemon.kill();
  // its executor, which listens, ends after it
  await until('nobody serves', async () => !(await serves(port)));
  await daemon.start();
  await until('the tunnel is back on its port', async () => await serves(port));
  await until('it is known to be up', async () => (await daemon.api.tunnel('web')).state === 'up');
  expect((await tunnel('list')).stdout).toMatch(
    new RegExp(`web +up .*127.0.0.1:${port} -> localhost:${SITE_PORT}`),
  );
  await until(
    'it is looked at',
    async () => (await daemon.api.tunnel('web')).status?.health.state === 'healthy',
  );

  expect(await tunnel('stop', 'web')).toMatchObject({ code: 0, stdout: expect.stringContaining('stopped') });
  expect(await serves(port)).toBe(false);
  expect(CONNECTS).toContain((await tunnel('start', 'web')).code);
  await until('it serves again', async () => await serves(port));

  // cancelled as a task it is closed, and may be started anew
  const { task } = await daemon.api.tunnel('web');
  expect(await deckhand(['task', 'cancel', task], { folder })).toMatchObject({ code: 0 });
  await until('it has ended', async () => (await daemon.api.tunnel('web')).state === 'ended');
  expect(await serves(port)).toBe(false);

  expect(await tunnel('remove', 'web')).toMatchObject({ code: 0, stdout: 'removed web\n' });
  expect((await tunnel('list')).stdout).toBe('There is no tunnel.\n');
  expect((await tunnel('show', 'web')).stderr).toContain('tunnel.unknown');
});

it('says what is wrong: a busy port, words that are none, a socket path too long', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const { port } = busy.address() as { port: number };
  const taken = await add('busy', '-L', `${port}:localhost:80`);
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('tunnel.port-busy') });
  expect(taken.stderr).toContain(`127.0.0.1:${port}`);
  const other = await add('busy', '-L', `${port}:localhost:${SITE_PORT}`, '--any-port');
  expect(CONNECTS, other.stderr).toContain(other.code);
  expect(await tunnel('remove', '--all')).toMatchObject({ code: 0 });
  busy.close();
  expect(await add('x', '-L', '8080')).toMatchObject({ code: 2, stderr: expect.stringContaining('-L') });
  const long = `/tmp/${'x'.repeat(120)}`;
  expect(await add('x', '-L', `${long}:localhost:80`)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('at most 103 bytes'),
  });
});
