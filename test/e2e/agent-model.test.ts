import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleCheck, sampleState, sampleStep } from '../../src/agent/sample-answer.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import {
  type AgentLab,
  agentLab,
  commandPlan,
  commandState,
  filePlan,
  repair,
  resultOf,
} from './agent-lab.ts';

/** The loop with a model, on a booted host, through a real daemon; the model says what each case wrote. */
let lab: AgentLab;
let host: LabHost;
beforeAll(async () => {
  lab = await agentLab([205]);
  [host] = lab.hosts as [LabHost];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

describe('a plan of a model', () => {
  it('in typed states is carried out and proved by asking the host', async () => {
    const task = await lab.rests(await lab.begin([filePlan('/srv/marker', 'one')]));
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(resultOf(task).report).toMatchObject({ outcome: 'proved', plan: { madeBy: 'model' } });
    expect(await onHost(host, 'cat /srv/marker')).toBe('one\n');
    expect(lab.planner.seen).toHaveLength(1);
  });

  it('may leave commands open: each such step is detailed by itself, checked, expected and taken back (A04)', async () => {
    const outline = sampleState({ kind: 'command', title: 'make the marker' });
    const steps = [sampleStep('make', [outline], { estimateSeconds: 5 })];
    const plan = { ...commandPlan('true', '/srv/detailed'), steps };
    const detail = (command: string, creates: string | null, expectedText: string) => ({
      why: 'it is asked for',
      timeoutSeconds: 60,
      prerequisites: [sampleCheck('test -d /srv')],
      states: [sampleState({ ...outline, command, creates, expectedText, effects: ['/srv/detailed'] })],
      checks: [],
      undo: 'rm /srv/detailed',
    });
    const good = detail('touch /srv/detailed; echo made it', '/srv/detailed', 'made*it');
    const says = [plan, detail('touch /srv/detailed', null, ''), good];
    const task = await lab.rests(await lab.begin(says, { policy: 'auto' }));
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    const { report } = resultOf(task);
    expect(report?.hosts[0]?.steps[0]?.changes[0]?.expected).toContain('made*it');
    expect(lab.planner.seen).toHaveLength(3);
    expect(JSON.stringify(lab.planner.seen[2]?.body)).toContain('unless');
    // facts of the host are before the model when it details
    expect(JSON.stringify(lab.planner.seen[1]?.body)).toContain('trixie');

    const { plan: back, hosts } = await lab.daemon.api.undoOfRun(task.id, {});
    const undo = await lab.begin([], { plan: back, intent: back.intent, model: undefined });
    expect(hosts).toEqual([host.name]);
    // a way back that a model wrote is seen by a person, whatever was said beforehand
    expect(await lab.rests(undo)).toMatchObject({ state: 'waiting-approval' });
    await lab.daemon.api.decide((await lab.open(undo)).id, 'approved');
    expect(await lab.rests(undo)).toMatchObject({ state: 'succeeded' });
    expect((await host.run('test -e /srv/detailed')).code).toBe(1);
  });

  it('whose commands say something else than is expected goes to the repair with what came', async () => {
    const said = { ...commandState('touch /srv/said; echo strange', '/srv/said'), expectedText: 'fine' };
    const plan = { ...commandPlan('true', '/srv/said'), steps: [sampleStep('run', [said])] };
    const id = await lab.begin([plan, repair('retry')], { policy: 'auto' });
    const task = await lab.rests(id);
    // what it was to make is there: the second look finds nothing to do
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(JSON.stringify(lab.planner.seen[1]?.body)).toContain('step.output-unexpected');
    expect(JSON.stringify(lab.planner.seen[1]?.body)).toContain('strange');
  });

  it('is never believed: what it calls done is asked of the host (B09)', async () => {
    const lie = commandPlan('touch /srv/lie', '/srv/lie', 'test -e /srv/really');
    const task = await lab.rests(await lab.begin([lie, lie, lie, lie], { approve: 'none', policy: 'auto' }));
    expect(task).toMatchObject({ state: 'failed' });
    expect(resultOf(task).report).toMatchObject({ outcome: 'failed' });
  });

  it('that cannot be taken goes back once with the fault named, then the run fails', async () => {
    const faulty = { ...filePlan('/srv/marker', 'two'), done: [] };
    const mended = await lab.rests(await lab.begin([faulty, filePlan('/srv/marker', 'two')]));
    expect(mended).toMatchObject({ state: 'succeeded' });
    expect(JSON.stringify(lab.planner.seen[1]?.body)).toContain('done: it is empty');
    const twice = await lab.rests(await lab.begin([faulty, faulty]));
    expect(twice).toMatchObject({ state: 'failed', error: { code: 'plan.invalid' } });
  });

  it('of a server that is down or talks nonsense is a typed error and nothing else (T20)', async () => {
    const nonsense = await lab.rests(await lab.begin([{ say: 'Sure! Here is your plan.' }]));
    expect(nonsense).toMatchObject({ state: 'failed', error: { code: 'planner.malformed' } });
    const spent = await lab.rests(await lab.begin([filePlan('/srv/marker', 'x')], { budget: { tokens: 0 } }));
    expect(spent).toMatchObject({ state: 'failed', error: { code: 'planner.budget-exhausted' } });
    expect(lab.planner.seen).toHaveLength(0);
    const unknown = await lab.rests(await lab.begin([], { model: 'nobody/nothing' }));
    expect(unknown).toMatchObject({ state: 'failed', error: { code: 'planner.unknown' } });
  });
});

describe('a step that fails', () => {
  const failing = commandPlan('ls /srv/absent-1; touch /srv/late && false', '/srv/done-1');
  it('is replaced as the model says, from what the host printed, and the run goes on', async () => {
    const steps = [sampleStep('other', [commandState('touch /srv/done-1', '/srv/done-1')])];
    const id = await lab.begin([failing, repair('replace', { steps })], { policy: 'auto' });
    const task = await lab.rests(id);
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(resultOf(task).report).toMatchObject({
      outcome: 'proved',
      decisions: [{ action: 'replace', stepId: 'run' }],
    });
    expect(JSON.stringify(lab.planner.seen[1]?.body)).toContain('/srv/absent-1');
    const kinds = (await lab.daemon.api.events(id, 0, 1000)).map(({ kind }) => kind);
    expect(kinds).toContain('decision');
  });

  it('twice in the same way is planned anew, and after two plans a person is asked, who lets it go on', async () => {
    const stuck = commandPlan('ls /srv/absent-2', '/srv/done-2');
    const says = [stuck, repair('retry'), stuck, stuck, filePlan('/srv/done-2', 'by note')];
    const id = await lab.begin(says, { policy: 'auto', approve: 'ask' });
    expect(await lab.rests(id)).toMatchObject({ state: 'waiting-approval' });
    const asked = await lab.open(id);
    expect(asked).toMatchObject({ kind: 'escalation', about: { hosts: [host.name], steps: ['run'] } });
    expect(String(asked.about['evidence'])).toContain('/srv/absent-2');
    await lab.daemon.api.decide(asked.id, 'approved', { choice: 'continue', note: 'just write the file' });
    const task = await lab.rests(id);
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(await onHost(host, 'cat /srv/done-2')).toBe('by note\n');
    const { decisions } = resultOf(task).report ?? {};
    const actions = decisions?.map(({ action }) => action);
    expect(actions).toEqual(['retry', 'replan', 'replan', 'replan', 'continue']);
  });

  it('ends the run with both errors when the model that was to mend it is down (T20)', async () => {
    const id = await lab.begin([commandPlan('ls /srv/absent-3', '/srv/done-3'), { say: 'no idea' }], {
      policy: 'auto',
    });
    const task = await lab.rests(id);
    expect(task).toMatchObject({ state: 'failed', error: { code: 'planner.malformed' } });
    expect(task.error?.message).toContain('could not be decided');
  });
});
