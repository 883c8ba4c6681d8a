import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleCheck, sampleStep } from '../../src/agent/sample-answer.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import {
  type AgentLab,
  agentLab,
  commandPlan,
  commandState,
  filePlan,
  IMPROVED,
  fileState,
  repair,
  resultOf,
} from './agent-lab.ts';

/** The daemon and its executors die by SIGKILL in every phase of a run; the next daemon goes on with it. */
let lab: AgentLab;
let host: LabHost;
beforeAll(async () => {
  lab = await agentLab([207]);
  [host] = lab.hosts as [LabHost];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

/** Kills the daemon and starts it again; from then on the model says this. */
async function killed(says: readonly object[] = []): Promise<void> {
  await lab.daemon.kill();
  lab.planner.moves = says.map(said => ({ say: JSON.stringify(said) }));
  lab.planner.seen.splice(0);
  await lab.daemon.start();
}
const asked = async (count: number): Promise<unknown> =>
  await until(`${count} questions`, 60_000, () =>
    Promise.resolve(lab.planner.seen.length >= count || undefined),
  );
const succeeds = async (id: string): Promise<void> => {
  const task = await lab.rests(id);
  expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
  expect(resultOf(task).report).toMatchObject({ outcome: 'proved' });
};
/** Notes each time that it is run. */
const counted = (name: string, rest = ''): string =>
  `echo ran >>/srv/${name}.count${rest}; touch /srv/${name}`;
/** It goes on until it is let go, so that the kill comes in the middle of it. */
const held = (name: string): string => counted(name, `; until [ -e /srv/${name}.free ]; do sleep 0.2; done`);
const free = async (name: string): Promise<unknown> => await onHost(host, `touch /srv/${name}.free`);
const timesRun = async (name: string): Promise<string> => await onHost(host, `wc -l </srv/${name}.count`);

describe('a kill of the daemon', () => {
  it('while the request is made clear, and while it is planned', async () => {
    const id = await lab.begin([{ silent: true }], { improve: true });
    await asked(1);
    await killed([IMPROVED, filePlan('/srv/k1', 'one')]);
    await succeeds(id);
    expect(lab.planner.seen).toHaveLength(2);
    const planning = await lab.begin([IMPROVED, { silent: true }], { improve: true });
    await asked(2);
    await killed([filePlan('/srv/k2', 'two')]);
    await succeeds(planning);
    // what was answered before is not asked again
    expect(lab.planner.seen).toHaveLength(1);
  });

  it('while a person is asked: the same plan waits, and nothing is planned again', async () => {
    const id = await lab.begin([filePlan('/srv/k3', 'three')], { approve: 'ask' });
    const { id: approval } = await lab.open(id);
    await killed();
    await lab.daemon.api.decide(approval, 'approved');
    await succeeds(id);
    expect(lab.planner.seen).toHaveLength(0);
  });

  it('while a step runs: it is found again and not begun twice', async () => {
    const id = await lab.begin([commandPlan(held('k4'), '/srv/k4')], { policy: 'auto' });
    await until(
      'it runs',
      60_000,
      async () => (await host.run('test -e /srv/k4.count')).code === 0 || undefined,
    );
    await killed();
    await free('k4');
    await succeeds(id);
    expect(await timesRun('k4')).toBe('1\n');
    expect(lab.planner.seen).toHaveLength(0);
  });

  it('while a step runs: what was before it is still known, and it can be taken back (A23)', async () => {
    await onHost(host, 'echo before >/srv/k8.conf');
    const states = [fileState('/srv/k8.conf', 'after\n'), commandState(held('k8'), '/srv/k8')];
    const plan = { ...commandPlan('true', '/srv/k8'), steps: [sampleStep('both', states)] };
    const id = await lab.begin([plan], { policy: 'auto' });
    await until(
      'the file is changed and the command runs',
      60_000,
      async () => (await host.run('test -e /srv/k8.count')).code === 0 || undefined,
    );
    await killed();
    await free('k8');
    await succeeds(id);
    const { undo } = resultOf(await lab.rests(id)).report?.hosts[0]?.steps[0] ?? {};
    const file = undo?.subjects.find(({ name }) => name === '/srv/k8.conf');
    expect(file?.was).toContain('7 bytes');
    expect(file?.left).toContain('6 bytes');
    expect(await onHost(host, `cat /var/lib/deckhand/undo/${undo?.kept}/${file?.number}`)).toBe('before\n');
    expect(await timesRun('k8')).toBe('1\n');
  });

  it('while a repair is decided: what was finished stays, and the failed step was run once', async () => {
    const steps = [
      sampleStep('first', [commandState(counted('k5a'), '/srv/k5a')]),
      sampleStep('second', [commandState('echo ran >>/srv/k5b.count; ls /srv/absent', '/srv/k5b')], {
        dependsOn: ['first'],
      }),
    ];
    const plan = { ...commandPlan('true', '/srv/k5b'), steps };
    const id = await lab.begin([plan, { silent: true }], { policy: 'auto' });
    await asked(2);
    const other = [sampleStep('other', [commandState('touch /srv/k5b', '/srv/k5b')])];
    await killed([repair('replace', { steps: other })]);
    await succeeds(id);
    expect([await timesRun('k5a'), await timesRun('k5b')]).toEqual(['1\n', '1\n']);
    expect(lab.planner.seen).toHaveLength(1);
  });

  it('while it is planned anew, and while a person is asked how to go on', async () => {
    const stuck = commandPlan('ls /srv/absent', '/srv/k6');
    const id = await lab.begin([stuck, repair('replan'), { silent: true }], {
      policy: 'auto',
      approve: 'ask',
    });
    await asked(3);
    await killed([commandPlan('ls /srv/gone', '/srv/k6'), repair('escalate')]);
    const { id: approval, kind } = await lab.open(id);
    expect(kind).toBe('escalation');
    await killed([filePlan('/srv/k6', 'x')]);
    await lab.daemon.api.decide(approval, 'approved', { choice: 'continue', note: 'write /srv/k6' });
    await succeeds(id);
  });

  it('while it is proved', async () => {
    const done = [{ ...sampleCheck('test -e /srv/k7.later'), withinSeconds: 120 }];
    const id = await lab.begin([{ ...commandPlan(counted('k7'), '/srv/k7'), done }], { policy: 'auto' });
    await until('it is proved', 60_000, async () => {
      const events = await lab.daemon.api.events(id, 0, 1000);
      return events.some(event => event.kind === 'host-phase' && event.phase === 'proving') || undefined;
    });
    await killed();
    await onHost(host, 'touch /srv/k7.later');
    await succeeds(id);
    expect(await timesRun('k7')).toBe('1\n');
  });
});
