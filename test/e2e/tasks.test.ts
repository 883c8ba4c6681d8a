import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Submission } from '../../src/api/task-api.ts';
import { isFinal } from '../../src/core/task-state.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { until } from '../faults/fault.ts';
import { type LabFleet, labFleet, onHost, processesOf } from '../faults/lab-fleet.ts';
import { readOutput } from '../faults/task-output.ts';
import type { LabHost } from '../lab/lab.ts';
import { type CommandResult, deckhand as runDeckhand } from './deckhand-command.ts';

/** What tasks promise, by a real daemon on booted hosts. */

/** Milliseconds for what comes by itself, on a machine that is busy with other work. */
const LIMIT = 120_000;

let folder: string;
let fleet: LabFleet;
let daemon: DaemonUnderTest;
let near: LabHost;
let other: LabHost;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tasks-'));
  fleet = await labFleet([118, 119], folder);
  [near, other] = fleet.hosts as [LabHost, LabHost];
  daemon = await DaemonUnderTest.start(folder);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function begin(host: LabHost, command: string, extra: Partial<Submission> = {}): Promise<string> {
  const { surroundings } = fleet;
  const base = { kind: 'ssh.execute', hosts: host.name, params: { command }, surroundings };
  return (await daemon.api.submit({ ...base, ...extra })).tasks[0]?.id ?? '';
}

/** The command line as a person types it, against the same daemon. */
async function deckhand(...words: readonly string[]): Promise<CommandResult> {
  return await runDeckhand(words, { folder });
}
const reach = (): readonly string[] => ['--ssh-config', fleet.surroundings.sshConfigFile ?? ''];

const isRunning = (id: string): Promise<unknown> =>
  daemon.seen(id, 'runs', task => task.state === 'running' && task.phase === 'running');

describe('a task', () => {
  it('with a non-zero exit has failed, with that code (T01)', async () => {
    const { code } = await deckhand('exec', ...reach(), near.name, '--', 'exit 7');
    expect(code).toBe(7);
    const [task] = (await daemon.api.tasks({ limit: 1 })).tasks;
    expect(task).toMatchObject({ state: 'failed', result: { verdict: 'failed', exitCode: 7 } });
    expect(task?.error?.code).toBe('command.failed');
  });

  it('that is paused stands still on the host, and its bytes stop (T02)', async () => {
    const id = await begin(near, 'n=0; while ! [ -e /root/gate ]; do n=$((n+1)); echo $n; sleep 0.02; done');
    await isRunning(id);
    await until('it prints', LIMIT, async () =>
      (await readOutput(daemon, id)).bytes > 50 ? true : undefined,
    );
    await daemon.api.pause(id);
    await daemon.seen(id, 'is paused', task => task.state === 'paused');
    const states = await onHost(
      near,
      `for file in $(grep -zlsF DECKHAND_RUN=$(printf task) /proc/[0-9]*/environ); do sed 's/.*) //; s/ .*//' "\${file%environ}stat"; done | sort | uniq -c`,
    );
    expect(states).toMatch(/^\s*\d+ T\n$/);
    // what it printed before may be on its way yet; one that went on would print fifty lines in this second
    const bytes = await until('its bytes stop', LIMIT, async () => {
      const before = (await readOutput(daemon, id)).bytes;
      await onHost(near, 'sleep 1');
      return (await readOutput(daemon, id)).bytes === before ? before : undefined;
    });
    await daemon.api.resume(id);
    await until('it goes on', LIMIT, async () =>
      (await readOutput(daemon, id)).bytes > bytes ? true : undefined,
    );
    await onHost(near, 'touch /root/gate');
    expect(await daemon.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1 });
    const { breaks, tail } = await readOutput(daemon, id);
    expect(breaks).toBe(0);
    const lines = tail.trim().split('\n').slice(1).map(Number);
    expect(lines.every((line, index) => index === 0 || line === (lines[index - 1] ?? 0) + 1)).toBe(true);
  });

  it('on a host that hangs delays nobody else, and can be cancelled (T03)', async () => {
    await other.net('blackhole');
    // whoever waited for these would wait for longer than this test lasts
    const surroundings = { ...fleet.surroundings, overrides: { 'timeouts.connect': '3600s' } };
    const hung = await Promise.all(
      Array.from({ length: 10 }, async () => await begin(other, 'true', { surroundings })),
    );
    await daemon.seen(hung[0] ?? '', 'connects', task => task.phase === 'connecting');
    for (let turn = 0; turn < 5; turn += 1)
      expect(await daemon.ended(await begin(near, 'true', { surroundings }))).toMatchObject({
        state: 'succeeded',
      });
    for (const id of hung) {
      expect(isFinal((await daemon.api.task(id)).state)).toBe(false);
      await daemon.api.cancel(id, false);
    }
    for (const id of hung) expect(await daemon.ended(id)).toMatchObject({ state: 'cancelled' });
    await other.net('ok');
  });

  it('that is cancelled leaves no process on its host (T14)', async () => {
    const id = await begin(near, "trap '' TERM; setsid sleep 4712 & sleep 4713");
    await isRunning(id);
    await until('its processes are there', LIMIT, async () =>
      (await processesOf(near, id)).length > 1 ? true : undefined,
    );
    await daemon.api.cancel(id, false);
    expect(await daemon.ended(id)).toMatchObject({
      state: 'cancelled',
      error: { code: 'command.cancelled' },
    });
    expect(await processesOf(near, id)).toEqual([]);
    expect((await near.run('pgrep -f "sleep 471[23]"')).stdout).toBe('');
  });

  it('that lives long can be stopped after others have completed (T15)', async () => {
    const long = await begin(near, 'echo up; exec sleep 4714');
    await isRunning(long);
    for (let turn = 0; turn < 3; turn += 1) await daemon.ended(await begin(near, 'true'));
    expect((await daemon.api.task(long)).state).toBe('running');
    await daemon.api.cancel(long, false);
    expect(await daemon.ended(long)).toMatchObject({ state: 'cancelled' });
    expect((await near.run('pgrep -fx "sleep 4714"')).stdout).toBe('');
  });
});

describe('the queue', () => {
  it('takes the highest priority first (T04), and nothing while it is paused', async () => {
    await daemon.api.setLimits({ perHost: 1 });
    await daemon.api.pauseQueue();
    const wanted = [9, 5, 0, -3, -50];
    const ids: string[] = [];
    for (const priority of [0, -50, 9, -3, 5])
      ids.push(await begin(near, `echo ${priority} >>/root/order`, { priority }));
    expect((await daemon.api.health()).status).toBe('paused');
    await onHost(near, 'sleep 0.5; ! test -e /root/order');
    await daemon.api.resumeQueue();
    for (const id of ids) await daemon.ended(id);
    expect((await onHost(near, 'cat /root/order')).trim().split('\n').map(Number)).toEqual(wanted);
  });

  it('heeds limits that are changed while it works', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1) ids.push(await begin(near, 'sleep 600'));
    const running = async (): Promise<number> => (await daemon.api.health()).counts.running ?? 0;
    await until('one runs', LIMIT, async () => ((await running()) === 1 ? true : undefined));
    expect(await deckhand('queue', 'limits', '--host', `${near.name}=3`)).toMatchObject({ code: 0 });
    await until('three run', LIMIT, async () => ((await running()) === 3 ? true : undefined));
    await daemon.api.setLimits({ perHost: 8, hosts: {} });
    await deckhand('queue', 'limits', '--host', `${near.name}=8`);
    await until('all run', LIMIT, async () => ((await running()) === 4 ? true : undefined));
    for (const id of ids) await daemon.api.cancel(id, false);
    for (const id of ids) expect(await daemon.ended(id)).toMatchObject({ state: 'cancelled' });
  });

  it('lets a task wait for others, and skips what depends on a failure', async () => {
    const submit = async (...words: readonly string[]): Promise<string> =>
      (await deckhand('exec', ...reach(), '--detach', ...words)).stdout.trim();
    await daemon.api.pauseQueue();
    const first = await submit(near.name, '--', 'echo first >>/root/chain');
    const second = await submit('--after', first, near.name, '--', 'echo second >>/root/chain');
    const fails = await submit('--after', second, near.name, '--', 'exit 3');
    const never = await submit('--after', fails, near.name, '--', 'echo never >>/root/chain');
    expect((await daemon.api.task(never)).state).toBe('blocked');
    await daemon.api.resumeQueue();
    expect(await daemon.ended(never)).toMatchObject({
      state: 'skipped',
      error: { code: 'task.dependency-failed' },
    });
    expect(await onHost(near, 'cat /root/chain')).toBe('first\nsecond\n');
  });

  it('keeps tasks until their time: --in and --at', async () => {
    for (const flag of ['--in', '--at']) {
      const asked = Date.now();
      const at = new Date(asked + 6000).toISOString().replace(/\.\d+Z/, 'Z');
      const words = [flag, flag === '--in' ? '2s' : at];
      const { stdout } = await deckhand(
        'exec',
        ...reach(),
        '--detach',
        ...words,
        near.name,
        '--',
        'date +%s%3N',
      );
      const task = await daemon.ended(stdout.trim());
      expect(task.state).toBe('succeeded');
      const ran = Number((await readOutput(daemon, task.id)).tail);
      expect(ran).toBeGreaterThanOrEqual(flag === '--in' ? asked + 2000 : Date.parse(at));
    }
  });

  it('makes one task of the same key', async () => {
    const submit = async (): Promise<CommandResult> =>
      await deckhand(
        'exec',
        ...reach(),
        '--detach',
        '--key',
        'once',
        near.name,
        '--',
        'echo once >>/root/once',
      );
    const [first, second] = [await submit(), await submit()];
    expect(second.stdout).toBe(first.stdout);
    expect(second.stderr).toContain('this key is known');
    await daemon.ended(first.stdout.trim());
    expect(await onHost(near, 'cat /root/once')).toBe('once\n');
  });

  it('repeats only the hosts that failed', async () => {
    const { group } = await daemon.api.submit({
      kind: 'ssh.execute',
      hosts: `${near.name},${other.name}`,
      params: { command: `echo x >>/root/repeated; test "$(hostname)" = ${near.name}` },
      surroundings: fleet.surroundings,
    });
    const { tasks } = await daemon.api.tasks({ group });
    for (const { id } of tasks) await daemon.ended(id);
    const { code, stdout } = await deckhand('task', 'retry', group);
    expect(code).toBe(0);
    const [again, ...more] = stdout.trim().split('\n');
    expect(more).toEqual([]);
    const repeated = await daemon.ended(again ?? '');
    expect(repeated).toMatchObject({ host: other.name, state: 'failed' });
    expect(repeated.retryOf).toBe(tasks.find(({ host }) => host === other.name)?.id);
    expect(await onHost(near, 'cat /root/repeated')).toBe('x\n');
    expect(await onHost(other, 'cat /root/repeated')).toBe('x\nx\n');
  });

  it('removes ended tasks once it is confirmed, and no others', async () => {
    const ended = (await daemon.ended(await begin(near, 'echo removed'))).id;
    const asked = await deckhand('task', 'remove', ended);
    expect(asked.code).not.toBe(0);
    expect(asked.stderr).toContain('--yes');
    expect((await daemon.api.task(ended)).state).toBe('succeeded');
    const long = await begin(near, 'sleep 600');
    await isRunning(long);
    expect(await deckhand('task', 'remove', '--yes', long)).toMatchObject({ code: 2 });
    expect(await deckhand('task', 'remove', '--yes', ended)).toMatchObject({ code: 0 });
    await expect(daemon.api.task(ended)).rejects.toMatchObject({ code: 'task.unknown' });
    expect(await deckhand('task', 'remove', '--yes', '--force', long)).toMatchObject({ code: 0 });
    expect(await processesOf(near, long)).toEqual([]);
  });

  it('submits what a schedule says, each time', async () => {
    const words = ['--host', near.name, '--', 'echo tick >>/root/ticks'];
    expect(await deckhand('schedule', 'add', ...reach(), 'tick', 'every 10s', ...words)).toMatchObject({
      code: 0,
    });
    const ticks = async (): Promise<number> =>
      Number(await onHost(near, 'wc -l </root/ticks 2>/dev/null || echo 0'));
    await until('it ticks twice', LIMIT, async () => ((await ticks()) >= 2 ? true : undefined), 500);
    expect(await deckhand('schedule', 'remove', 'tick')).toMatchObject({ code: 0 });
    expect(await daemon.api.schedules()).toEqual([]);
  });
});

describe('a plan that waits for a person', () => {
  const ask = async (name: string): Promise<string> => {
    const result = await deckhand(
      'ask',
      ...reach(),
      '--detach',
      '--host',
      near.name,
      `create a user ${name}`,
    );
    expect(result.code).toBe(0);
    const id = result.stdout.trim();
    await daemon.seen(id, 'waits', task => task.state === 'waiting-approval');
    return id;
  };
  const approvalOf = async (task: string): Promise<string> =>
    (await daemon.api.approvals('open')).find(approval => approval.task === task)?.id ?? '';

  it('is carried out when it is approved', async () => {
    const id = await ask('anna');
    expect((await near.run('id anna')).code).not.toBe(0);
    expect((await deckhand('approvals', 'list')).stdout).toContain(await approvalOf(id));
    expect(await deckhand('approvals', 'approve', await approvalOf(id))).toMatchObject({ code: 0 });
    expect(await daemon.ended(id)).toMatchObject({ state: 'succeeded' });
    await onHost(near, 'id anna');
  });

  it('changes nothing when it is declined', async () => {
    const id = await ask('berta');
    await deckhand('approvals', 'decline', await approvalOf(id));
    expect(await daemon.ended(id)).toMatchObject({
      state: 'cancelled',
      error: { code: 'approval.declined' },
    });
    expect((await near.run('id berta')).code).not.toBe(0);
  });
});

describe('a secret', () => {
  it('is nowhere but where it is needed (T05)', async () => {
    const file = join(folder, 'password');
    await writeFile(file, 'ops-pass\n', { mode: 0o600 });
    const config = join(folder, 'ops.config');
    await writeFile(
      config,
      `Host ops\n  HostName ${near.address}\n  Port ${near.port}\n  User ops\n  IdentityFile ${near.keyFile}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${near.knownHostsFile}\n`,
    );
    const words = [
      'exec',
      '-F',
      config,
      '--root',
      '--sudo-password-file',
      file,
      'ops',
      '--',
      'id -u; until test -e /root/was-looked-at; do sleep 0.1; done; ps axww',
    ];
    const running = deckhand(...words);
    const [id, pids] = await until('it runs', LIMIT, async () => {
      const [task] = (await daemon.api.tasks({ limit: 1, states: ['running'] })).tasks;
      return task ? ([task.id, [daemon.pid, ...(await daemon.executors())]] as const) : undefined;
    });
    const run = promisify(execFile);
    const { stdout: processes } = await run('ps', ['axeww', '-o', 'args']);
    const seen = await Promise.all(pids.map(async pid => await readFile(`/proc/${pid}/environ`, 'latin1')));
    await onHost(near, 'touch /root/was-looked-at');
    const { code, stdout, stderr } = await running;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^0\n/);
    // the needle must not be found in the search itself
    const needle = ['ops', 'pass'].join('-');
    const { stdout: files } = await run('grep', ['-rlF', '-f', file, folder]);
    expect(files.trim()).toBe(file);
    const answers = JSON.stringify([
      await daemon.api.task(id),
      await daemon.api.events(id, 0, 1000),
      await daemon.api.health(),
      (await daemon.api.tasks({ limit: 1000 })).tasks,
    ]);
    const everything = [
      processes,
      ...seen,
      stdout,
      stderr,
      answers,
      await readFile(daemon.logFile, 'latin1'),
    ];
    expect(everything.filter(text => text.includes(needle))).toEqual([]);
  });
});
