import { stat } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskView } from '../../src/api/task-api.ts';
import type { DeployResult, StatusResult } from '../../src/core/model-params.ts';
import type { Bundle } from '../../src/engines/bundle/manifest.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { manifestOf, type ModelLab, openModelLab, tinyModel } from './model-lab.ts';

/** A deployment by root, as a unit of the machine, through a daemon that is killed in the middle of it. */
let lab: ModelLab;
let bundle: Bundle;
let host: LabHost;
let daemon: DaemonUnderTest;
let model: string;

beforeAll(async () => {
  lab = await openModelLab([35]);
  ({ bundle } = lab);
  [host] = lab.hosts as [LabHost];
  const shape = { dimension: 512, feedForward: 2048, layers: 3, heads: 8 };
  model = await tinyModel(lab.folder, 'large.gguf', shape);
  daemon = await DaemonUnderTest.start(lab.folder);
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

async function submitted(kind: string, params: object): Promise<string> {
  const submission = { kind, hosts: host.name, params: { ...params }, surroundings: lab.fleet.surroundings };
  const { tasks } = await daemon.api.submit(submission);
  return tasks[0]?.id ?? '';
}

async function ended(kind: string, params: object): Promise<TaskView> {
  return await daemon.ended(await submitted(kind, params));
}

describe('a unit of the machine', () => {
  let before: string;

  it('is deployed although daemon and executor are killed, and what arrived is not sent again (L08 R01)', async () => {
    before = await manifestOf(host);
    const { size } = await stat(model);
    // slow enough that there is a middle, and that it is not over before it is seen
    await host.net('rate', '20mbit');
    const id = await submitted('model.deploy', { name: 'tiny', model, threads: 1 });
    const arrived = async (share: number): Promise<number> => {
      const bytes = bundle.size + size * share;
      const isThere = ({ progress }: TaskView): boolean =>
        progress !== null && progress.unit === 'bytes' && arrivedOf(progress) >= bytes;
      await daemon.seen(id, `${share * 100} % of the model arrived`, isThere);
      return size * share;
    };
    // of a claim that finds the engine there, only the model is missing
    const arrivedOf = ({ done, total }: NonNullable<TaskView['progress']>): number =>
      done + (bundle.size + size - (total ?? 0));
    await arrived(0.3);
    await daemon.kill();
    await daemon.start();
    const most = await arrived(0.7);
    const [executor] = await daemon.executors();
    if (executor !== undefined) process.kill(executor, 'SIGKILL');
    await host.net('ok');
    const task = await daemon.ended(id);
    expect([task.state, task.error]).toEqual(['succeeded', null]);
    const { deployment, uploaded, answer } = task.result as unknown as DeployResult;
    expect(deployment).toMatchObject({ service: 'system', folder: '/var/lib/deckhand/llm/tiny' });
    expect(answer).toMatch(/^Ahoy/);
    // what was on its way when it was killed is sent again
    expect(uploaded).toBeLessThan(size - most + size * 0.1);
    expect(await daemon.api.deployments()).toMatchObject([{ host: host.name, name: 'tiny' }]);
  });

  it('runs as an account of its own, with a key that only root can read (T17)', async () => {
    const seen = await onHost(
      host,
      "stat -c '%a %U' /var/lib/deckhand/llm/tiny/apikey; ps -o user= -C llama-server; ls /etc/systemd/system | grep -c deckhand-llm-tiny",
    );
    const [mode, account, units] = seen.trim().split('\n');
    expect([mode, units]).toEqual(['600 root', '1']);
    expect(account?.trim()).not.toBe('root');
    expect(account?.trim()).not.toBe('');
  });

  it('is back after a power cut (L07)', async () => {
    await host.stop();
    await host.start();
    const status = await until('it serves again', 150_000, async () => {
      const task = await ended('model.status', { name: 'tiny' });
      const result = task.result as unknown as StatusResult | null;
      return result?.readiness === 'ready' ? result : undefined;
    });
    expect(status).toMatchObject({ service: 'system', state: 'active', problem: null, models: ['tiny'] });
    const chat = status.endpoints.find(({ path }) => path === '/v1/chat/completions');
    expect(chat?.status).toBe(200);
  });

  it('says of an upgrade that was cut off and then cancelled what is there, and nothing else (T20)', async () => {
    const start = ': $SOCKET; exec sleep 1000';
    const id = await submitted('model.deploy', { name: 'tiny', engine: 'command', start });
    await daemon.seen(id, 'it waits for what never listens', ({ phase }) => phase === 'verify');
    // nothing but its cancel may be claimed by the next daemon
    await daemon.api.pauseQueue();
    await daemon.kill();
    await daemon.start();
    await daemon.api.cancel(id, false);
    const { state, error } = await daemon.ended(id);
    const current = (await onHost(host, 'basename $(readlink /var/lib/deckhand/llm/tiny/current)')).trim();
    const left = (await onHost(host, 'ls /var/lib/deckhand/llm/tiny/releases'))
      .split('\n')
      .filter(each => each !== '' && each !== current);
    expect(left).toHaveLength(1);
    expect([state, error?.code, error?.message]).toEqual([
      'cancelled',
      'command.cancelled',
      `deploy tiny to ${host.name}: cancelled; the current release of tiny on ${host.name} is ${current}, and it runs; begun and left there: ${left.join()}.`,
    ]);
    await daemon.api.resumeQueue();
  });

  it('leaves nothing when it is removed (L12)', async () => {
    expect((await ended('model.remove', { name: 'tiny' })).state).toBe('succeeded');
    expect(await manifestOf(host)).toBe(before);
    expect(await onHost(host, 'systemctl list-units "deckhand*" --all --no-legend')).toBe('');
    expect(await daemon.api.deployments()).toEqual([]);
  });
});
