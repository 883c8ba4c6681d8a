import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeControl } from './holder-control-suite.ts';
import { describeWindows } from './holder-windows-suite.ts';
import { localHost, processesWith, text } from './local-host.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { OutputStream } from '../../src/core/command-run.ts';
import { HOLDER_SCRIPT } from '../../src/holder/holder-script.ts';
import { runDirect } from '../../src/holder/run-direct.ts';

const NEVER = new AbortController().signal;
/** Some systems' bash, dash and busybox are elsewhere, or not there at all. */
const DIRECTORIES = ['/bin', '/usr/bin'];

/** What the holder promises, shown with real processes under one real shell. */
export function describeHolder(shell: 'dash' | 'bash' | 'busybox'): void {
  const program = DIRECTORIES.map(directory => join(directory, shell)).find(existsSync);
  describe.skipIf(program === undefined)(`Holder under ${shell}`, () => {
    const host = localHost(shell, program ?? '');
    const { connect, holder, request } = host;
    beforeAll(() => host.up());
    afterAll(() => host.down());

    describeControl(host);
    describeWindows(host);

    it('runs, keeps both streams apart and reads the exit code', async () => {
      const run = await holder().run(request('echo out; echo err >&2; exit 3'), NEVER);
      expect(run).toMatchObject({ verdict: 'failed', exitCode: 3, signal: null, truncated: false });
      expect([text(run.stdout), text(run.stderr)]).toEqual(['out\n', 'err\n']);
    });

    it('takes one round trip once installed', async () => {
      const connection = connect();
      await holder(connection).run(request('true'), NEVER);
      const before = connection.commands.length;
      expect(await holder(connection).run(request('true'), NEVER)).toMatchObject({ verdict: 'succeeded' });
      expect(connection.commands.length - before).toBe(1);
    });

    it('tells a death by signal from a plain exit code', async () => {
      expect(await holder().run(request('kill -KILL $$'), NEVER)).toMatchObject({
        verdict: 'killed',
        signal: 'KILL',
        exitCode: null,
      });
      expect(await holder().run(request('exit 137'), NEVER)).toMatchObject({
        verdict: 'failed',
        exitCode: 137,
      });
    });

    it('gives the command a clean start: locale, PATH, input, no ignored signals', async () => {
      const script =
        'echo "$LC_ALL|$PATH|$#|$(pwd)"; cat; grep SigIgn /proc/self/status; ls /proc/$$/fd >fds; grep -c "^[3-9]$" fds';
      const run = await holder().run(request(script), NEVER);
      expect(text(run.stdout)).toMatch(
        new RegExp(`^C\\.UTF-8\\|.*/usr/sbin.*\\|0\\|${host.home}\nSigIgn:\t0{16}\n0\n$`),
      );
    });

    it('runs a long script, and one that ends without a newline or in a comment', async () => {
      const long = `${'# padding of a long script\n'.repeat(4000)}printf '%s\\n' 'a\\b  c'\necho end # no newline`;
      expect(text((await holder().run(request(long), NEVER)).stdout)).toBe('a\\b  c\nend\n');
      expect(text((await holder().run(request("printf '%s\\n' 'a\\b  c' # x"), NEVER)).stdout)).toBe(
        'a\\b  c\n',
      );
    });

    it('brings binary input and output through unchanged', async () => {
      const stdin = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) % 256);
      const run = await holder().run(request('cat; cat </dev/null', { stdin }), NEVER);
      expect(Buffer.compare(run.stdout, stdin)).toBe(0);
      const empty = await holder().run(request('wc -c', { stdin: new Uint8Array() }), NEVER);
      expect(text(empty.stdout).trim()).toBe('0');
    });

    it('caps the spool, counts the rest, and lets the command end by itself', async () => {
      const script = 'head -c 3000000 /dev/zero; echo done >&2; exit 4';
      const run = await holder().run(request(script, { outputLimit: 10_000 }), NEVER);
      expect(run).toMatchObject({ exitCode: 4, stdoutBytes: 3_000_000, truncated: true });
      expect(run.stdout.length).toBe(10_000);
      expect(text(run.stderr)).toBe('done\n');
    });

    it('executes once for 20 starts of one id at the same time', async () => {
      const counter = join(host.root, `counter-${shell}`);
      const one = request(`echo run >>'${counter}'; echo shared`);
      await holder().run(request('true'), NEVER);
      const runs = await Promise.all(Array.from({ length: 20 }, () => holder().run(one, NEVER)));
      expect(readFileSync(counter, 'utf8')).toBe('run\n');
      expect(new Set(runs.map(run => `${run.exitCode} ${text(run.stdout)}`))).toEqual(
        new Set(['0 shared\n']),
      );
    });

    it('ends with the command although a background child holds its output', async () => {
      const sleep = host.sleep();
      const run = await holder().run(request(`echo first; ${sleep} & exit 0`), NEVER);
      expect(run).toMatchObject({ verdict: 'succeeded', truncated: false });
      expect(text(run.stdout)).toBe('first\n');
      execFileSync('pkill', ['-KILL', '-f', `^${sleep}`]);
    });

    it('starts nothing from half a request', async () => {
      const half = request('echo never');
      const connection = connect();
      const execute = connection.execute.bind(connection);
      connection.execute = (command, options) =>
        execute(command, { ...options, stdin: (options.stdin as Uint8Array).slice(0, -6) });
      await expect(holder(connection).run(half, NEVER)).rejects.toMatchObject({
        code: 'ssh.connection-lost',
      });
      expect(await holder().status(half.id, 'user', NEVER)).toEqual({ state: 'missing' });
    });

    it('begins anew what another began, of whose request the rest never came', async () => {
      const whole = request('echo once >>"$HOME/count-$DECKHAND_RUN"; cat "$HOME/count-$DECKHAND_RUN"');
      const cut = connect();
      const execute = cut.execute.bind(cut);
      const { promise: gone, resolve: leave } = Promise.withResolvers<void>();
      const { promise: sent, resolve: sending } = Promise.withResolvers<void>();
      cut.execute = (command, options) =>
        execute(command, {
          ...options,
          stdin: (async function* half() {
            yield (options.stdin as Uint8Array).slice(0, -6);
            sending();
            await gone;
          })(),
        });
      const first = holder(cut).run(whole, NEVER);
      first.catch(() => undefined);
      await sent;
      while ((await holder().status(whole.id, 'user', NEVER)).state === 'missing');
      const second = holder().run({ ...whole, onStarted: () => leave() }, NEVER);
      await expect(first).rejects.toMatchObject({ code: 'ssh.connection-lost' });
      expect(text((await second).stdout)).toBe('once\n');
    });

    it('is not disturbed by a noisy login shell', async () => {
      const run = await holder(connect({ noise: 'Welcome!\no 0 5\n' })).run(request('echo quiet'), NEVER);
      expect(text(run.stdout)).toBe('quiet\n');
    });

    it('goes on byte-exact after the connection was lost, without running twice', async () => {
      const gate = join(host.root, `gate-${shell}`);
      const one = request(
        `echo begin; until [ -e '${gate}' ]; do sleep 0.05; done; echo rest; echo more >&2`,
      );
      const connection = connect();
      const seen: Record<OutputStream, string> = { stdout: '', stderr: '' };
      const first = holder(connection).run(one, NEVER, (stream, bytes) => {
        seen[stream] += text(bytes);
        connection.lose();
      });
      const offsets = { stdout: 6, stderr: 0 };
      await expect(first).rejects.toMatchObject({
        code: 'ssh.connection-lost',
        details: { runId: one.id, offsets },
      });
      expect(await holder().status(one.id, 'user', NEVER)).toEqual({
        state: 'running',
        paused: false,
      });
      execFileSync('touch', [gate]);
      const follow = await holder().follow(one.id, { privilege: 'user', offsets, signal: NEVER });
      expect([text(follow.stdout), text(follow.stderr), follow.exitCode]).toEqual(['rest\n', 'more\n', 0]);
      const again = await holder().run(
        one,
        NEVER,
        (stream, bytes) => {
          seen[stream] += text(bytes);
        },
        offsets,
      );
      expect(text(again.stdout)).toBe('begin\nrest\n');
      expect(seen).toEqual({ stdout: 'begin\nrest\n', stderr: 'more\n' });
    });

    it('stops a command that ignores TERM, with children in sessions of their own', async () => {
      const word = `deckhand-victim-${shell}`;
      const script = `trap '' TERM; export WORD=${word}
      setsid sh -c 'trap "" TERM; while :; do sleep 0.1; done # ${word}' &
      (setsid sh -c 'while :; do sleep 0.1; done # ${word}' &)
      env -i setsid sh -c 'sleep 300; : # ${word}' &
      echo up; while :; do sleep 0.1; done # ${word}`;
      const abort = new AbortController();
      const one = request(script);
      const run = holder(connect(), 300).run(one, abort.signal, () => abort.abort());
      await expect(run).rejects.toMatchObject({ code: 'command.cancelled', details: { run: one.id } });
      expect(processesWith(word)).toEqual([]);
      expect(await holder().status(one.id, 'user', NEVER)).toMatchObject({
        state: 'finished',
        signal: 'KILL',
      });
    });

    it('stops at the time limits with typed errors', async () => {
      const sleep = host.sleep();
      const slow = request(sleep, { timeout: 150 });
      await expect(holder().run(slow, NEVER)).rejects.toMatchObject({ code: 'command.timeout' });
      const idle = request(`echo x; ${sleep}`, { idleTimeout: 150 });
      await expect(holder().run(idle, NEVER)).rejects.toMatchObject({ code: 'command.idle-timeout' });
      expect(processesWith(sleep)).toEqual([]);
    });

    it('never starts an id that was cancelled before', async () => {
      const one = request('echo never');
      expect(await holder().cancel(one.id, 'user', { signal: NEVER })).toMatchObject({ proved: true });
      expect(await holder().run(one, NEVER)).toMatchObject({ verdict: 'killed', signal: 'TERM' });
    });

    it('says unknown when the supervisor was killed', async () => {
      const sleep = host.sleep();
      const one = request(sleep);
      expect(await holder().start(one, NEVER)).toEqual({ attached: false });
      expect(await holder().start(one, NEVER)).toEqual({ attached: true });
      const directory = join(host.home, '.local/state/deckhand/runs', one.id);
      process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8').split(' ')[0]), 'SIGKILL');
      expect(await holder().run(one, NEVER)).toMatchObject({ verdict: 'unknown', exitCode: null });
      expect(await holder().cancel(one.id, 'user', { signal: NEVER })).toMatchObject({ proved: true });
      expect(processesWith(sleep)).toEqual([]);
      // What drained and ticked for it notices by itself.
      await expect.poll(() => processesWith(one.id), { timeout: 60_000 }).toEqual([]);
    });

    it('keeps script and input out of argv and files', async () => {
      const secret = `s3cret-${shell}`;
      const stdin = Buffer.from(secret);
      const script = `: ${secret}; ps -eo args | grep -c '[s]3cret-${shell}'; find '${host.home}' -type f -exec grep -l ${secret} {} +; cat >/dev/null`;
      const run = await holder().run(request(script, { stdin }), NEVER);
      expect(text(run.stdout)).toBe('0\n');
    });

    it('removes finished runs beyond the number, never running ones', async () => {
      const running = request(host.sleep());
      await holder().start(running, NEVER);
      const removed = await holder().cleanUp('user', { olderThan: 3_600_000, keep: 2, signal: NEVER });
      expect(removed).toBeGreaterThan(5);
      const left = readdirSync(join(host.home, '.local/state/deckhand/runs'));
      expect(left).toContain(running.id);
      expect(left.length).toBeLessThanOrEqual(4);
      await holder().cancel(running.id, 'user', { signal: NEVER });
    });

    it('runs directly with the same environment and leaves nothing', async () => {
      const connection = connect({ noise: 'hello ' });
      const one = request('echo "$LC_ALL"; cat; echo e >&2; exit 5');
      const plain = await runDirect(connection, one, { clock: systemClock }, NEVER);
      expect(plain).toMatchObject({ verdict: 'failed', exitCode: 5 });
      expect([text(plain.stdout), text(plain.stderr)]).toEqual(['C.UTF-8\n', 'e\n']);
      const stdin = Uint8Array.of(0, 10, 255);
      const fed = await runDirect(
        connection,
        { ...one, script: 'cat', stdin },
        { clock: systemClock },
        NEVER,
      );
      expect([...fed.stdout]).toEqual([...stdin]);
      expect(existsSync(join(host.home, '.local/state/deckhand/runs', one.id))).toBe(false);
    });

    it('a cancel takes nothing for its own where no command was recorded', () => {
      // `kill` is replaced: were this wrong, it would stop the machine that runs the tests.
      const parts = HOLDER_SCRIPT.slice(0, HOLDER_SCRIPT.lastIndexOf('case $verb in'));
      for (const child of ['', '0', '1', '2']) {
        const probe = `${parts}
        kill() { echo "kill $*"; }
        child=${child} child_start= reused= known=' '
        find_ourselves; freeze; echo "[$found]"
        reach() { :; }; sleep() { :; }; await_end() { :; }
        dir=/; : pause and resume; pause; resume`;
        const said = execFileSync(
          join(host.tools, 'sh'),
          ['-c', probe, 'x/holder.sh', 'M', 'none', 'no-such-run'],
          {
            encoding: 'utf8',
            env: { PATH: `${host.tools}:/usr/bin:/bin` },
          },
        );
        expect(said).toBe('[ ]\np ?\nx unknown\np ?\nx unknown\n');
      }
    });
  });
}
