import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { OutputStream } from '../../src/core/command-run.ts';
import { probePrivilege } from '../../src/holder/privilege.ts';
import { runDirect } from '../../src/holder/run-direct.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { bootHost, type LabHost } from '../lab/lab.ts';
import { holderOn, login, logOut, MEBIBYTE, request } from './held-runs.ts';
import { outputOf, signal } from './ssh-client.ts';

const BOOTED = 181;
const BUSYBOX = 182;
const OPS_PASSWORD = 'ops-pass';

afterAll(logOut);

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

const withPassword = { sudoPassword: () => Promise.resolve(OPS_PASSWORD) };

describe.skipIf(process.env['DECKHAND_LAB'] !== 'booted')('holder on a booted host', () => {
  let host: LabHost;
  let root: SshConnection;
  let deploy: SshConnection;
  beforeAll(async () => {
    host = await bootHost(BOOTED);
    root = await login(host, 'root');
    deploy = await login(host, 'deploy');
  });
  afterAll(() => host.down());

  it('finds out how each account becomes root', async () => {
    const ops = await login(host, 'ops');
    const guest = await login(host, 'guest');
    expect(await probePrivilege(root, { signal })).toBe('root');
    expect(await probePrivilege(deploy, { signal })).toBe('sudo');
    expect(await probePrivilege(ops, { signal })).toBe('none');
    expect(await probePrivilege(ops, { signal, password: OPS_PASSWORD })).toBe('sudo-password');
    expect(await probePrivilege(guest, { signal })).toBe('none');
  });

  it('runs as root through each way that is open, with root’s own state directory', async () => {
    for (const [user, options] of [
      ['root', {}],
      ['deploy', {}],
      ['ops', withPassword],
    ] as const) {
      const connection = await login(host, user);
      const script = 'id -u; echo "$HOME"; pwd; cat';
      const one = request(script, { privilege: 'root', stdin: Buffer.from('input\n') });
      const run = await holderOn(connection, options).run(one, signal);
      expect(text(run.stdout)).toBe('0\n/root\n/root\ninput\n');
      const direct = await runDirect(connection, one, { clock: systemClock, ...options }, signal);
      expect(text(direct.stdout)).toBe('0\n/root\n/root\ninput\n');
      expect(await outputOf(root, `ls /root/.local/state/deckhand/runs | grep -cx ${one.id}`)).toBe('1\n');
    }
  });

  it('refuses with a type where root is out of reach, and tries a wrong password once', async () => {
    const guest = await login(host, 'guest');
    const asRoot = request('id', { privilege: 'root' });
    await expect(holderOn(guest).run(asRoot, signal)).rejects.toMatchObject({ code: 'privilege.needed' });
    const guessed = { sudoPassword: () => Promise.resolve('guest-pass') };
    await expect(holderOn(guest, guessed).run(asRoot, signal)).rejects.toMatchObject({
      code: 'privilege.password-refused',
    });
    const ops = await login(host, 'ops');
    const wrong = { sudoPassword: () => Promise.resolve('wrong-s3cret') };
    const before = await failedLogins(root);
    await expect(holderOn(ops, wrong).run(asRoot, signal)).rejects.toSatisfy(
      (error: Error & { code: string }) =>
        error.code === 'privilege.password-refused' && !JSON.stringify(error).includes('wrong-s3cret'),
    );
    expect((await failedLogins(root)) - before).toBe(1);
  });

  it('brings a noisy account’s output through unchanged', async () => {
    const noisy = await login(host, 'noisy');
    expect(text((await holderOn(noisy).run(request('echo only this'), signal)).stdout)).toBe('only this\n');
    const direct = await runDirect(noisy, request('echo only this'), { clock: systemClock }, signal);
    expect(text(direct.stdout)).toBe('only this\n');
  });

  it('executes once for 20 starts of one id', async () => {
    const one = request('echo run >>counter; sleep 0.3; echo shared');
    const runs = await Promise.all(Array.from({ length: 20 }, () => holderOn(deploy).run(one, signal)));
    expect(await outputOf(deploy, 'cat counter')).toBe('run\n');
    expect(new Set(runs.map(run => text(run.stdout)))).toEqual(new Set(['shared\n']));
  });

  it('caps 100 MB at 1 MiB, says so, and the command ends by itself', async () => {
    const run = await holderOn(deploy).run(request('head -c 100000000 /dev/zero; exit 7'), signal);
    expect(run).toMatchObject({ exitCode: 7, stdoutBytes: 100_000_000, truncated: true });
    expect(run.stdout.length).toBe(MEBIBYTE);
    const one = request('true');
    const spooled = await outputOf(deploy, 'du -sk ~/.local/state/deckhand/runs | cut -f1');
    expect(Number(spooled), one.id).toBeLessThan(3000);
  });

  it('goes on byte-exact after sshd itself was killed under the run (T14)', async () => {
    const victim = await login(host, 'deploy');
    const one = request(
      'for n in $(seq 1 40); do echo "line $n"; sleep 0.05; done; until [ -e lost ]; do sleep 0.05; done; head -c 50000 /dev/urandom | tee random',
    );
    let seen = Buffer.alloc(0);
    let killed: Promise<unknown> | undefined;
    const lost = holderOn(victim).run(one, signal, (_: OutputStream, bytes) => {
      seen = Buffer.concat([seen, bytes]);
      killed ??= host.run('pkill -KILL -f "sshd-session: deploy@notty"');
    });
    const error = (await lost.catch((reason: unknown) => reason)) as {
      code: string;
      details: { runId: string; offsets: { stdout: number; stderr: number } };
    };
    await killed;
    expect(error.code).toMatch(/^ssh\./);
    expect(error.details).toMatchObject({ runId: one.id, offsets: { stdout: seen.length, stderr: 0 } });
    deploy = await login(host, 'deploy');
    await deploy.execute('touch lost', { signal });
    const follow = await holderOn(deploy).follow(one.id, {
      privilege: 'user',
      offsets: error.details.offsets,
      signal,
    });
    expect(follow.verdict).toBe('succeeded');
    const whole = Buffer.concat([seen, follow.stdout]);
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index + 1}\n`).join('');
    expect(whole.subarray(0, lines.length).toString()).toBe(lines);
    const random = await deploy.execute('cat random', { signal });
    expect(Buffer.compare(whole.subarray(lines.length), random.stdout)).toBe(0);
  });

  it('cancels a tree that ignores TERM and lives in several sessions; nothing is left', async () => {
    for (const [connection, privilege] of [
      [deploy, 'user'],
      [deploy, 'root'],
    ] as const) {
      const abort = new AbortController();
      const script = `trap '' TERM; setsid sh -c 'trap "" TERM; while :; do sleep 0.2; done # victim' &
        (setsid sh -c 'while :; do sleep 0.2; done # victim' &) ; env -i setsid sh -c 'sleep 500; : victim' &
        echo up; while :; do sleep 0.2; done # victim`;
      const one = request(script, { privilege });
      const run = holderOn(connection).run(one, abort.signal, () => abort.abort());
      await expect(run).rejects.toMatchObject({ code: 'command.cancelled', details: { run: one.id } });
      expect(await outputOf(root, 'ps -eo args | grep -c "[v]ictim"')).toBe('0\n');
    }
    // Whatever else ran on the host is as it was.
    expect(await outputOf(root, 'ps -eo stat= | grep -c "^T"')).toBe('0\n');
    const whole = 'systemctl is-system-running --wait || systemctl --failed --no-legend';
    expect(await outputOf(root, whole)).toMatch(/running/);
  });

  it('says which processes an account may not end', async () => {
    const abort = new AbortController();
    const one = request('sudo -n sh -c "echo up; exec sleep 600"');
    const run = holderOn(deploy).run(one, abort.signal, () => abort.abort());
    const error = (await run.catch((reason: unknown) => reason)) as {
      code: string;
      details: { pids: number[] };
    };
    if (error.code === 'command.cancelled') return; // sudo itself passed the signal on
    expect(error.code).toBe('command.cancel-unproved');
    for (const pid of error.details.pids) await outputOf(root, `kill -KILL ${pid}`);
  });

  it('keeps script, input and password out of argv, environment, spool and logs (T05)', async () => {
    const ops = await login(host, 'ops');
    const secret = 'hunter2-of-the-script';
    const one = request(
      `: ${secret}; cat >/dev/null; echo up; while ! [ -e /tmp/looked ]; do sleep 0.05; done`,
      {
        privilege: 'root',
        stdin: Buffer.from(secret),
      },
    );
    const looked = Promise.withResolvers<string>();
    const run = holderOn(ops, withPassword).run(one, signal, () => {
      // Bracketed, so that the search does not find itself.
      const patterns = [secret, OPS_PASSWORD].map(word => `-e '[${word[0]}]${word.slice(1)}'`).join(' ');
      const look = `cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c ${patterns}
        grep -rlsD skip ${patterns} /root/.local /home/ops /tmp /run/user /var/log
        journalctl --sync; journalctl -q | grep -c ${patterns}
        touch /tmp/looked`;
      host.run('sh -s', { input: look }).then(result => looked.resolve(result.stdout), looked.reject);
    });
    expect((await run).verdict).toBe('succeeded');
    expect(await looked.promise).toBe('0\n0\n');
  });

  it('says unknown after a power cut, never success', async () => {
    const one = request('echo before; sleep 300');
    expect(await holderOn(deploy).start(one, signal)).toEqual({ attached: false });
    const recorded = await outputOf(deploy, `cut -d' ' -f3 ~/.local/state/deckhand/runs/${one.id}/pid`);
    expect(recorded).toBe(await outputOf(deploy, 'cat /proc/sys/kernel/random/boot_id'));
    await host.stop();
    await host.start();
    deploy = await login(host, 'deploy');
    expect(recorded).not.toBe(await outputOf(deploy, 'cat /proc/sys/kernel/random/boot_id'));
    const holder = holderOn(deploy);
    expect(await holder.status(one.id, 'user', signal)).toEqual({ state: 'unknown' });
    expect(await holder.run(one, signal)).toMatchObject({ verdict: 'unknown', exitCode: null });
    expect(await holder.cancel(one.id, 'user', { signal })).toMatchObject({ remaining: [], proved: true });
    expect(await holder.cleanUp('user', { olderThan: 3_600_000, keep: 1, signal })).toBeGreaterThan(0);
  });

  it('names a full disk', async () => {
    await host.mod('fulldisk', '1m');
    const fresh = await login(host, 'root');
    await outputOf(fresh, 'cat /dev/zero >/filler 2>/dev/null; true');
    const error = (await holderOn(fresh)
      .run(request('true', { stdin: new Uint8Array(3 * MEBIBYTE) }), signal)
      .catch((reason: unknown) => reason)) as { code: string };
    expect(error.code).toBe('host.disk-full');
    await host.reset();
  });
});

describe.skipIf(process.env['DECKHAND_LAB'] !== 'booted')('holder on a busybox host', () => {
  let host: LabHost;
  let root: SshConnection;
  beforeAll(async () => {
    host = await bootHost(BUSYBOX, { kind: 'busybox' });
    root = await login(host, 'root');
  });
  afterAll(() => host.down());

  it('runs, caps, feeds input and tells signals from codes', async () => {
    const stdin = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
    const fed = await holderOn(root).run(request('cat; exit 9', { stdin }), signal);
    expect([Buffer.compare(fed.stdout, stdin), fed.exitCode]).toEqual([0, 9]);
    const capped = await holderOn(root).run(
      request('head -c 5000000 /dev/zero', { outputLimit: 2048 }),
      signal,
    );
    expect(capped).toMatchObject({ stdoutBytes: 5_000_000, truncated: true });
    expect(capped.stdout.length).toBe(2048);
    expect(await holderOn(root).run(request('kill -9 $$'), signal)).toMatchObject({ signal: 'KILL' });
  });

  it('executes once, and cancels a tree that ignores TERM', async () => {
    const one = request('echo run >>/root/counter');
    await Promise.all(Array.from({ length: 5 }, () => holderOn(root).run(one, signal)));
    expect(await outputOf(root, 'cat /root/counter')).toBe('run\n');
    const abort = new AbortController();
    const tree = request(
      `trap '' TERM; setsid sh -c 'sleep 500; : victim' & echo up; while :; do sleep 0.2; done # victim`,
    );
    const run = holderOn(root).run(tree, abort.signal, () => abort.abort());
    await expect(run).rejects.toMatchObject({ code: 'command.cancelled' });
    expect(await outputOf(root, 'ps | grep -c "[v]ictim"')).toBe('0\n');
  });
});

async function failedLogins(root: SshConnection): Promise<number> {
  return Number(
    await outputOf(root, 'journalctl --sync; journalctl -q | grep -c "sudo:auth): authentication failure"'),
  );
}
