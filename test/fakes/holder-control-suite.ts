import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type LocalHost, processesWith, text } from './local-host.ts';

const NEVER = new AbortController().signal;

/** Pausing, attaching, collecting little, and a host that was started again. */
export function describeControl(host: LocalHost): void {
  const { connect, holder, request } = host;

  it('pauses every process of a run and lets it go on where it was (T02)', async () => {
    const counter = join(host.root, `ticks-${host.shell}`);
    const gate = join(host.root, `resumed-${host.shell}`);
    const script = `trap '' TERM
    setsid sh -c 'trap "" TERM; until [ -e "$1" ]; do echo b >>"$0"; sleep 0.01; done' '${counter}' '${gate}' &
    env -i PATH="$PATH" setsid sh -c 'until [ -e "$1" ]; do echo c >>"$0"; sleep 0.01; done' '${counter}' '${gate}' &
    n=0; while [ "$n" -lt 100000 ] && ! [ -e '${gate}' ]; do n=$((n + 1)); echo "$n"; echo a >>'${counter}'; done; wait; echo end`;
    const one = request(script);
    let seen = '';
    const run = holder().run(one, NEVER, (_, bytes) => {
      seen += text(bytes);
    });
    // a file, as what is in a pipe may come later than whoever wrote it was stopped
    const ticks = (): string => (existsSync(counter) ? readFileSync(counter, 'utf8') : '');
    const counting = (): string[] => [...new Set(ticks().trim().split('\n'))].toSorted();
    await expect.poll(counting, { timeout: 60_000 }).toEqual(['a', 'b', 'c']);
    const paused = await holder().pause(one.id, 'user', { signal: NEVER });
    expect(paused).toEqual({ remaining: [], proved: true, state: { state: 'running', paused: true } });
    const before = ticks().length;
    for (let look = 0; look < 3; look += 1)
      expect(await holder().status(one.id, 'user', NEVER)).toEqual({ state: 'running', paused: true });
    expect(await holder().pause(one.id, 'user', { signal: NEVER })).toEqual(paused);
    expect(ticks().length).toBe(before);
    const resumed = await holder().resume(one.id, 'user', { signal: NEVER });
    expect(resumed).toMatchObject({ remaining: [], proved: true });
    writeFileSync(gate, '');
    expect(await run).toMatchObject({ verdict: 'succeeded', truncated: false });
    const lines = seen.trimEnd().split('\n');
    expect(lines.pop()).toBe('end');
    expect(lines.every((line, index) => line === String(index + 1))).toBe(true);
    expect(await holder().pause(one.id, 'user', { signal: NEVER })).toMatchObject({
      proved: true,
      state: { state: 'finished', exitCode: 0 },
    });
    expect(await holder().resume('run-nowhere', 'user', { signal: NEVER })).toMatchObject({
      state: { state: 'missing' },
    });
  });

  it('ends a paused run: TERM with its own last words, KILL where TERM is ignored', async () => {
    for (const [trap, signal, grace] of [
      ['trap "echo bye; exit 9" TERM', null, 60_000],
      ['trap "" TERM', 'KILL', 300],
    ] as const) {
      const one = request(`${trap}; echo up; while :; do sleep 0.05; done`);
      const up = Promise.withResolvers<void>();
      const run = holder(connect(), grace).run(one, NEVER, () => up.resolve());
      await up.promise;
      expect(await holder().pause(one.id, 'user', { signal: NEVER })).toMatchObject({ proved: true });
      expect(await holder(connect(), grace).cancel(one.id, 'user', { signal: NEVER })).toMatchObject({
        proved: true,
        remaining: [],
      });
      expect(await run).toMatchObject(
        signal === null ? { exitCode: 9 } : { verdict: 'killed', signal: 'KILL' },
      );
    }
  });

  it('tells a follower when a pause begins and ends', async () => {
    const gate = join(host.root, `told-${host.shell}`);
    const connection = connect();
    const execute = connection.execute.bind(connection);
    const said = new Map(['o ', 'z 1', 'z 0'].map(word => [word, Promise.withResolvers<void>()]));
    connection.execute = (command, options) =>
      execute(command, {
        ...options,
        onOutput: (stream, bytes) => {
          for (const [word, event] of said) if (text(bytes).includes(word)) event.resolve();
          return options.onOutput?.(stream, bytes);
        },
      });
    const one = request(`echo up; until [ -e '${gate}' ]; do sleep 0.05; done`);
    const run = holder(connection).run(one, NEVER);
    await said.get('o ')?.promise;
    await holder().pause(one.id, 'user', { signal: NEVER });
    await said.get('z 1')?.promise;
    expect(await holder().resume(one.id, 'user', { signal: NEVER })).toMatchObject({ proved: true });
    await said.get('z 0')?.promise;
    writeFileSync(gate, '');
    expect(await run).toMatchObject({ verdict: 'succeeded' });
  });

  it('only looks for a run when asked to attach, and never starts it', async () => {
    const one = request('echo once; exit 6', { attachOnly: true });
    const nowhere = { code: 'command.unknown', details: { run: one.id, missing: true } };
    await expect(holder().run(one, NEVER)).rejects.toMatchObject(nowhere);
    await expect(holder().start(one, NEVER)).rejects.toMatchObject(nowhere);
    expect(await holder().status(one.id, 'user', NEVER)).toEqual({ state: 'missing' });
    const { attachOnly: _, ...real } = one;
    await holder().run(real, NEVER);
    expect(await holder().start(one, NEVER)).toEqual({ attached: true });
    const again = await holder().run(one, NEVER);
    expect([text(again.stdout), again.exitCode]).toEqual(['once\n', 6]);
  });

  it('keeps little of what it hands on whole, and waits for a slow reader', async () => {
    let inside = 0;
    let most = 0;
    let seen = 0;
    const one = request('head -c 3000000 /dev/zero; exit 2', { outputLimit: 2_000_000, collect: 1000 });
    const run = await holder().run(one, NEVER, async (_, bytes) => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise(resolve => setImmediate(resolve));
      seen += bytes.length;
      inside -= 1;
    });
    expect(run).toMatchObject({ exitCode: 2, stdoutBytes: 3_000_000, truncated: true });
    expect([run.stdout.length, most]).toEqual([1000, 1]);
    expect(seen).toBe(Math.ceil(2_000_000 / 1024) * 1024);
    const whole = await holder().run(request('head -c 5000 /dev/zero', { collect: 10 }), NEVER);
    expect(whole).toMatchObject({ truncated: false, stdoutBytes: 5000 });
    expect(whole.stdout.length).toBe(10);
  });

  it('ends with the command although nobody follows and a background child holds its output', async () => {
    const gate = join(host.root, `left-${host.shell}`);
    const sleep = host.sleep();
    const one = request(`echo begin; until [ -e '${gate}' ]; do sleep 0.05; done; ${sleep} & exit 5`);
    const connection = connect();
    const lost = holder(connection).run(one, NEVER, () => connection.lose());
    await expect(lost).rejects.toMatchObject({ code: 'ssh.connection-lost' });
    writeFileSync(gate, '');
    const run = await holder().run(one, NEVER);
    expect(run).toMatchObject({ exitCode: 5, truncated: false });
    expect(text(run.stdout)).toBe('begin\n');
    execFileSync('pkill', ['-KILL', '-f', `^${sleep}`]);
    await expect.poll(() => processesWith(one.id), { timeout: 60_000 }).toEqual([]);
  });

  it('says unknown when the process of the supervisor is there, but from another boot', async () => {
    const sleep = host.sleep();
    const one = request(sleep);
    await holder().start(one, NEVER);
    const states = (): string[] => processesWith(sleep).map(line => line[0] ?? '');
    // it is told to have started before its shell has become what it was to run
    await expect.poll(states, { timeout: 60_000 }).toEqual(['S']);
    const directory = join(host.home, '.local/state/deckhand/runs', one.id);
    const recorded = ['pid', 'starter'].map(name => [name, readFileSync(join(directory, name), 'utf8')]);
    for (const [name = '', line = ''] of recorded) {
      const [pid, start] = line.split(' ');
      writeFileSync(join(directory, name), `${pid} ${start} 00000000-0000-0000-0000-000000000000 .\n`);
    }
    expect(await holder().status(one.id, 'user', NEVER)).toEqual({ state: 'unknown' });
    expect(await holder().run(one, NEVER)).toMatchObject({ verdict: 'unknown', exitCode: null });
    for (const act of ['cancel', 'pause', 'resume'] as const) {
      expect(await holder()[act](one.id, 'user', { signal: NEVER })).toMatchObject({
        state: { state: 'unknown' },
      });
    }
    expect(states()).toEqual(['S']);
    for (const [name = '', line = ''] of recorded) writeFileSync(join(directory, name), line);
    rmSync(join(directory, 'cancelled'));
    await holder().cancel(one.id, 'user', { signal: NEVER });
    expect(states()).toEqual([]);
  });
}
