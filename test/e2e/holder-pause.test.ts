import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { type HeldRequest } from '../../src/holder/holder.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { bootHost, type LabHost } from '../lab/lab.ts';
import { holderOn, login, logOut, MEBIBYTE, request } from './held-runs.ts';
import { outputOf, signal } from './ssh-client.ts';

afterAll(logOut);

/** Written down as well: what is in a pipe may come later than whoever wrote it was stopped. */
const COUNTS =
  'n=0; while ! [ -e /tmp/gate ]; do n=$((n + 1)); echo "$n"; echo "$n" >>/tmp/counted; sleep 0.01; done; rm /tmp/gate /tmp/counted';

/** The command stops while the run is paused, and goes on without a number missing or twice (T02). */
async function pausesAndGoesOn(connection: SshConnection, one: HeldRequest): Promise<void> {
  let seen = '';
  const up = Promise.withResolvers<void>();
  const holder = holderOn(connection);
  const run = holder.run(one, signal, (_, bytes) => {
    seen += Buffer.from(bytes).toString();
    up.resolve();
  });
  await up.promise;
  const how = { signal };
  expect(await holder.pause(one.id, one.privilege, how)).toEqual({
    remaining: [],
    proved: true,
    state: { state: 'running', paused: true },
  });
  const counted = async (): Promise<number> => Number(await outputOf(connection, 'wc -l </tmp/counted'));
  const before = await counted();
  for (let look = 0; look < 3; look += 1)
    expect(await holder.status(one.id, one.privilege, signal)).toEqual({ state: 'running', paused: true });
  expect(await holder.pause(one.id, one.privilege, how)).toMatchObject({ proved: true });
  expect(await counted()).toBe(before);
  // one more number may have been printed than is written down
  expect(seen.trimEnd().split('\n').length).toBeLessThanOrEqual(before + 1);
  expect(await holder.resume(one.id, one.privilege, how)).toEqual({
    remaining: [],
    proved: true,
    state: { state: 'running', paused: false },
  });
  await connection.execute('touch /tmp/gate', { signal });
  expect(await run).toMatchObject({ verdict: 'succeeded' });
  const lines = seen.trimEnd().split('\n');
  expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
}

describe.skipIf(process.env['DECKHAND_LAB'] !== 'booted')(
  'pausing and reading slowly on a booted host',
  () => {
    let host: LabHost;
    let root: SshConnection;
    let deploy: SshConnection;
    beforeAll(async () => {
      host = await bootHost(141);
      root = await login(host, 'root');
      deploy = await login(host, 'deploy');
    });
    afterAll(() => host.down());

    it('pauses and resumes as user and as root, and nothing else on the host', async () => {
      await pausesAndGoesOn(deploy, request(COUNTS));
      await pausesAndGoesOn(deploy, request(COUNTS, { privilege: 'root' }));
      expect(await outputOf(root, 'ps -eo stat= | grep -c "^T"')).toBe('0\n');
    });

    it('stops a tree that forks as fast as it can, in several sessions', async () => {
      const fork = 'while :; do sh -c ":" & sh -c "sleep 0.01" ; done # forker';
      const one = request(`setsid sh -c '${fork}' & (setsid sh -c '${fork}' &) ; echo up; ${fork}`);
      const up = Promise.withResolvers<void>();
      const run = holderOn(deploy).run(one, signal, () => up.resolve());
      await up.promise;
      expect(await holderOn(deploy).pause(one.id, 'user', { signal })).toMatchObject({
        remaining: [],
        proved: true,
      });
      const states = await outputOf(root, 'ps -eo stat=,args= | grep "[f]orker" | cut -c1 | sort | uniq -c');
      expect(states.trim()).toMatch(/^\d+ T$/);
      expect(await holderOn(deploy).cancel(one.id, 'user', { signal })).toMatchObject({ proved: true });
      expect(await run).toMatchObject({ verdict: 'killed' });
      expect(await outputOf(root, 'ps -eo args | grep -c "[f]orker"')).toBe('0\n');
    });

    it('says which processes an account may not stop', async () => {
      const one = request('sudo -n sh -c "echo up; exec sleep 600"');
      const up = Promise.withResolvers<void>();
      const abort = new AbortController();
      const run = holderOn(deploy).run(one, abort.signal, () => up.resolve());
      await up.promise;
      const paused = await holderOn(deploy).pause(one.id, 'user', { signal });
      expect(paused.proved).toBe(false);
      expect(paused.remaining.length).toBeGreaterThan(0);
      await outputOf(root, `kill -KILL ${paused.remaining.join(' ')}`);
      await holderOn(deploy).resume(one.id, 'user', { signal });
      await run;
    });

    it('leaves a started run alone when its channel is closed, and keeps no session taken', async () => {
      const ids: string[] = [];
      for (let index = 0; index < 15; index += 1) {
        const one = request('sleep 600');
        expect(await holderOn(deploy).start(one, signal)).toEqual({ attached: false });
        ids.push(one.id);
      }
      for (const id of ids) {
        expect(await holderOn(deploy).status(id, 'user', signal)).toEqual({
          state: 'running',
          paused: false,
        });
      }
      for (const id of ids)
        expect(await holderOn(deploy).cancel(id, 'user', { signal })).toMatchObject({ proved: true });
    });

    it('does not start what it was only to look for', async () => {
      const one = request('touch /tmp/never', { attachOnly: true });
      await expect(holderOn(deploy).run(one, signal)).rejects.toMatchObject({
        code: 'command.unknown',
        details: { missing: true },
      });
      expect(await outputOf(deploy, 'ls /tmp/never 2>/dev/null; echo looked')).toBe('looked\n');
    });

    it('keeps 1 GB of output bounded in this process, with a slow reader (R08)', async () => {
      const before = process.memoryUsage.rss();
      let most = 0;
      let seen = 0;
      const one = request('head -c 1000000000 /dev/zero', { outputLimit: 64 * MEBIBYTE, collect: 64 * 1024 });
      const run = await holderOn(deploy).run(one, signal, async (_, bytes) => {
        seen += bytes.length;
        await new Promise(resolve => setImmediate(resolve));
        most = Math.max(most, process.memoryUsage.rss());
      });
      expect(run).toMatchObject({ verdict: 'succeeded', stdoutBytes: 1_000_000_000, truncated: true });
      expect([run.stdout.length, seen]).toEqual([64 * 1024, 64 * MEBIBYTE]);
      expect(most - before).toBeLessThan(100 * MEBIBYTE);
    });

    it('does not stop a silent command for a reader that takes its time', async () => {
      // the limit counts from the start of the run, of which a busy host makes seconds
      const one = request('echo one; echo two', { idleTimeout: 5000 });
      let pieces = 0;
      const run = await holderOn(deploy).run(one, signal, async () => {
        pieces += 1;
        if (pieces === 1) await systemClock.sleep(6000);
      });
      expect(run.verdict).toBe('succeeded');
      expect(pieces).toBeGreaterThan(0);
    });
  },
);

describe.skipIf(process.env['DECKHAND_LAB'] !== 'booted')('pausing on a busybox host', () => {
  let host: LabHost;
  let root: SshConnection;
  beforeAll(async () => {
    host = await bootHost(122, { kind: 'busybox' });
    root = await login(host, 'root');
  });
  afterAll(() => host.down());

  it('pauses and resumes', async () => {
    await pausesAndGoesOn(root, request(COUNTS));
  });

  it('leaves a started run alone when its channel is closed', async () => {
    const one = request('sleep 600');
    await holderOn(root).start(one, signal);
    await outputOf(root, 'sleep 2');
    expect(await holderOn(root).status(one.id, 'user', signal)).toEqual({ state: 'running', paused: false });
    await holderOn(root).cancel(one.id, 'user', { signal });
  });
});
