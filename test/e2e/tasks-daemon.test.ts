import { chmod, chown, mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/api/task-api.ts';
import { DaemonUnderTest, isThere } from '../faults/daemon-under-test.ts';
import { until } from '../faults/fault.ts';
import { type LabFleet, labFleet, onHost, processesOf } from '../faults/lab-fleet.ts';
import { readOutput } from '../faults/task-output.ts';
import type { LabHost } from '../lab/lab.ts';
import { deckhand } from './deckhand-command.ts';

/** The daemon's own life: killed, stopped, doubled, badly housed, and with kinds of task that are not ours. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
let home: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tasks-daemon-'));
  fleet = await labFleet([120], folder);
  [host] = fleet.hosts as [LabHost];
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  count += 1;
  home = join(folder, `home-${count}`);
});

async function begin(daemon: DaemonUnderTest, command: string): Promise<string> {
  const { surroundings } = fleet;
  const { tasks } = await daemon.api.submit({
    kind: 'ssh.execute',
    hosts: host.name,
    params: { command },
    surroundings,
  });
  return tasks[0]?.id ?? '';
}
const isRunning = (task: TaskView): boolean => task.state === 'running' && task.phase === 'running';

describe('a daemon that is killed', () => {
  it('has the same history when it is started again (T24)', async () => {
    await using daemon = await DaemonUnderTest.start(home);
    const ids: string[] = [];
    for (const command of ['echo one', 'echo two >&2; exit 4', 'seq 1 20000'])
      ids.push(await begin(daemon, command));
    for (const id of ids) await daemon.ended(id);
    const history = async (): Promise<unknown> => ({
      tasks: (await daemon.api.tasks({})).tasks,
      events: await Promise.all(ids.map(async id => await daemon.api.events(id, 0, 1000))),
      output: await Promise.all(ids.map(async id => await readOutput(daemon, id))),
    });
    const before = await history();
    await daemon.kill();
    await daemon.start();
    expect(await history()).toEqual(before);
  });

  it('leaves a socket that the next one replaces', async () => {
    await using daemon = await DaemonUnderTest.start(home);
    const id = (await daemon.ended(await begin(daemon, 'true'))).id;
    await daemon.kill();
    await readFile(daemon.places.socket).catch((error: NodeJS.ErrnoException) =>
      expect(error.code).toBe('ENXIO'),
    );
    const { code, stdout, stderr } = await deckhand(['task', 'list', '--json'], { folder: home });
    expect(code).toBe(0);
    expect(stderr).toContain('started the daemon');
    expect(stdout).toContain(id);
    expect(await deckhand(['daemon', 'stop'], { folder: home })).toMatchObject({ code: 0 });
  });
});

describe('a daemon that is slow to begin', () => {
  /** Milliseconds from when it has the store to when it answers. */
  const SLOW = 4000;
  const slowly = `
    import { Server } from 'node:net';
    const { listen } = Server.prototype;
    Server.prototype.listen = function (...words) {
      setTimeout(() => listen.apply(this, words), ${SLOW});
      return this;
    };`;

  it('is waited for by both of two commands that began one at the same moment', async () => {
    await mkdir(home, { recursive: true });
    const environment = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(slowly)}` };
    const begun = await Promise.all(
      [1, 2].map(async () => await deckhand(['daemon', 'start'], { folder: home, environment })),
    );
    expect(begun).toMatchObject([{ code: 0 }, { code: 0 }]);
    expect(await deckhand(['daemon', 'stop'], { folder: home })).toMatchObject({ code: 0 });
  });
});

describe('a daemon that is stopped', () => {
  it('ends without waiting for commands, leaves them running, and sees them to their end afterwards', async () => {
    await using daemon = await DaemonUnderTest.start(home);
    const ids: string[] = [];
    for (let index = 0; index < 4; index += 1)
      ids.push(
        await begin(
          daemon,
          `echo a; echo ${index} >>/root/stopped; until test -e /root/go; do sleep 0.1; done; echo b; exit ${index}`,
        ),
      );
    for (const id of ids) await daemon.seen(id, 'runs', isRunning);
    await until('all have begun', 120_000, async () =>
      (await onHost(host, 'cat /root/stopped; true')).split('\n').length > 4 ? true : undefined,
    );
    const executors = await daemon.executors();
    // they go on until the next daemon is there
    await daemon.end('SIGTERM');
    await expect.poll(() => executors.filter(isThere)).toEqual([]);
    expect((await processesOf(host, 'task-')).length).toBeGreaterThan(0);
    await daemon.start();
    await onHost(host, 'touch /root/go');
    for (const [index, id] of ids.entries()) {
      const task = await daemon.ended(id);
      expect(task).toMatchObject({ attempt: 1, crashes: 0, result: { exitCode: index } });
      expect((await readOutput(daemon, id)).tail).toBe('a\nb\n');
    }
    expect((await onHost(host, 'sort /root/stopped')).trim().split('\n')).toEqual(['0', '1', '2', '3']);
  });
});

describe('a state folder', () => {
  const start = async (): Promise<string> => {
    const { code, stderr } = await deckhand(['daemon', 'run'], { folder: home });
    expect(code).not.toBe(0);
    return stderr;
  };
  const store = (daemon: DaemonUnderTest): string => join(daemon.places.folder, 'deckhand.db');

  it('has one daemon', async () => {
    await using daemon = await DaemonUnderTest.start(home);
    const said = await start();
    expect(said).toContain('daemon.already-running');
    expect(said).toContain(String(daemon.pid));
    expect((await daemon.api.health()).pid).toBe(daemon.pid);
  });

  it('that others may enter is refused, and so is one of another owner', async () => {
    await using daemon = await DaemonUnderTest.start(home);
    await daemon.end('SIGTERM');
    const { folder: state } = daemon.places;
    await chmod(state, 0o777);
    expect(await start()).toContain('store.unusable');
    await chmod(state, 0o700);
    await chown(state, 12_345, 0);
    expect(await start()).toContain('store.unusable');
    await chown(state, 0, 0);
    await daemon.start();
  });

  it('with a damaged store is refused, and nothing is overwritten', async () => {
    await using daemon = await DaemonUnderTest.start(home);
    await daemon.ended(await begin(daemon, 'seq 1 100000'));
    await daemon.end('SIGTERM');
    const file = await open(store(daemon), 'r+');
    await file.write(Buffer.alloc(3 * 4096, 0x5a), 0, 3 * 4096, 4096);
    await file.close();
    const damaged = await readFile(store(daemon));
    const said = await start();
    expect(said).toContain('store.corrupt');
    expect(said).toContain(store(daemon));
    expect((await readFile(store(daemon))).equals(damaged)).toBe(true);
  });
});

const PLUGIN = `
const kind = (name, run) => ({
  name, run, description: 'A test.', schema: { '~standard': {} }, hosts: 'none', category: 'test',
  permission: 'change', onLost: 'hold', retry: { limit: 0, pause: 1000, longestPause: 1000 }, title: () => name,
});
import { z } from ${JSON.stringify(join(import.meta.dirname, '../../src/core/schema.ts'))};
const schema = z.object({ text: z.string() });
export const kinds = [
  { ...kind('sample.echo', async work => {
    work.output('stdout', Buffer.from(work.params.text));
    return { end: 'succeeded', result: { length: work.params.text.length } };
  }), schema },
  { ...kind('sample.wait', async work => {
    await new Promise(resolve => setTimeout(resolve, 6000));
    return { end: 'succeeded', result: {} };
  }), schema },
  { ...kind('sample.crash', async () => {
    await new Promise(resolve => setTimeout(resolve, 300));
    process.exit(0);
  }), schema },
  { ...kind('sample.throw', async () => {
    setTimeout(() => { throw new Error('thrown where nobody catches it'); }, 300);
    await new Promise(() => undefined);
  }), schema },
];
`;

describe('kinds of task that are not ours', () => {
  it('are carried out, and one that ends its executor fails alone, after three times (L33)', async () => {
    const plugin = join(folder, 'plugin.ts');
    await writeFile(plugin, PLUGIN);
    await using daemon = await DaemonUnderTest.start(home, { DECKHAND_PLUGINS: plugin });
    const submit = async (kind: string): Promise<string> => {
      const submission = { kind, params: { text: 'hello' }, surroundings: fleet.surroundings };
      return (await daemon.api.submit(submission)).tasks[0]?.id ?? '';
    };
    const said = await daemon.ended(await submit('sample.echo'));
    expect(said).toMatchObject({ state: 'succeeded', result: { length: 5 } });
    expect((await readOutput(daemon, said.id)).tail).toBe('hello');

    const others = await Promise.all(Array.from({ length: 4 }, async () => await submit('sample.wait')));
    for (let index = 0; index < 4; index += 1) others.push(await begin(daemon, 'sleep 5; exit 0'));
    const crashing = await Promise.all([submit('sample.crash'), submit('sample.throw')]);
    for (const id of crashing) {
      expect(await daemon.ended(id)).toMatchObject({
        state: 'failed',
        crashes: 2,
        error: { code: 'task.executor-crashed' },
      });
    }
    for (const id of others)
      expect(await daemon.ended(id)).toMatchObject({ state: 'succeeded', attempt: 1, crashes: 0 });
    await expect.poll(async () => (await daemon.api.health()).counts.running ?? 0).toBe(0);
  });
});
