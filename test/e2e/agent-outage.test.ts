import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleState, sampleStep } from '../../src/agent/sample-answer.ts';
import type { TaskView } from '../../src/api/task-api.ts';
import { readAuditLog } from '../../src/store/audit-log.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import type { Move } from '../models/scripted-planner.ts';
import {
  type AgentLab,
  agentLab,
  commandPlan,
  commandState,
  filePlan,
  IMPROVED,
  repair,
  resultOf,
} from './agent-lab.ts';

/** A model that is down or talks nonsense at each stage of a run, and limits that are reached in the middle of one. */
let lab: AgentLab;
let host: LabHost;
beforeAll(async () => {
  lab = await agentLab([213]);
  [host] = lab.hosts as [LabHost];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const DOWN: Move = { status: 500, body: { error: { message: 'out of memory' } } };
const NONSENSE: Move = { say: 'Sure! I did it all for you.' };

/** What a stage is asked after, and the answer that lets the run go on to its end. */
interface Stage {
  readonly name: string;
  readonly before: (place: string) => readonly (object | Move)[];
  readonly answer: (place: string) => object;
  readonly after: (place: string) => readonly (object | Move)[];
  /** True: the first step of the plan has run by then. */
  readonly midway: boolean;
}
/** Its first step changes the host, its second one fails. */
function stuck(place: string): object {
  const steps = [
    sampleStep('first', [commandState(`touch ${place}.first`, `${place}.first`)]),
    sampleStep('second', [commandState(`ls ${place}.absent`, place)], { dependsOn: ['first'] }),
  ];
  return { ...commandPlan('true', place), steps };
}
/** Of its one command only the title is known: the text is asked for by itself. */
function outline(place: string): object {
  return { ...commandPlan('true', place), steps: [sampleStep('run', [sampleState(NAMED)])] };
}
function detail(place: string): object {
  const { why, timeoutSeconds, prerequisites, checks, undo } = sampleStep('run', []);
  const states = [sampleState({ ...NAMED, command: `touch ${place}`, creates: place, effects: [place] })];
  return { why, timeoutSeconds, prerequisites, states, checks, undo };
}
const NAMED = { kind: 'command', title: 'make the marker' } as const;
const instead = (place: string): object =>
  repair('replace', { steps: [sampleStep('other', [commandState(`touch ${place}`, place)])] });
const whole = (place: string): object => commandPlan(`touch ${place}`, place);
const STAGES: readonly Stage[] = [
  {
    name: 'improve',
    before: () => [],
    answer: () => IMPROVED,
    after: place => [whole(place)],
    midway: false,
  },
  { name: 'plan', before: () => [IMPROVED], answer: whole, after: () => [], midway: false },
  {
    name: 'detail',
    before: place => [IMPROVED, outline(place)],
    answer: detail,
    after: () => [],
    midway: false,
  },
  {
    name: 'repair',
    before: place => [IMPROVED, stuck(place)],
    answer: instead,
    after: () => [],
    midway: true,
  },
  {
    name: 'replan',
    before: place => [IMPROVED, stuck(place), repair('replan')],
    answer: whole,
    after: () => [],
    midway: true,
  },
];

async function ended(says: readonly (object | Move)[]): Promise<TaskView> {
  return await lab.rests(await lab.begin(says, { improve: true, policy: 'auto', approve: 'none' }));
}

describe.each(STAGES)('at the stage $name', ({ name, before, answer, after, midway }) => {
  const place = (fault: string): string => `/srv/${name}-${fault}`;

  it.each([
    ['down', DOWN, 'planner.unreachable', 1],
    ['nonsense', NONSENSE, 'planner.malformed', 2],
  ] as const)('a model that is %s ends the run, and nobody plans in its place (T20)', async (...given) => {
    const [fault, move, code, questions] = given;
    const path = place(fault);
    const said = before(path);
    const task = await ended([...said, move]);
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'failed', error: { code } });
    expect(lab.planner.seen).toHaveLength(said.length + questions);
    // what was done by then is said, and nothing else was done
    const { report } = resultOf(task);
    const steps = report?.hosts[0]?.steps.map(({ id, outcome }) => [id, outcome]) ?? [];
    expect(steps).toEqual(
      midway
        ? [
            ['first', 'changed'],
            ['second', 'failed'],
          ]
        : [],
    );
    expect(report?.outcome ?? 'none').toBe(midway ? 'failed' : 'none');
    const there = await onHost(host, `ls -d ${path} ${path}.first 2>/dev/null; true`);
    expect(there).toBe(midway ? `${path}.first\n` : '');
  });

  it('an answer that does not fit goes back once, and the run goes on with the second one', async () => {
    const path = place('mended');
    const task = await ended([...before(path), NONSENSE, answer(path), ...after(path)]);
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(resultOf(task).report).toMatchObject({ outcome: 'proved' });
    const calls = await lab.daemon.api.transcript(task.id, 0, 100);
    const faulty = calls.filter(({ turns }) => turns.length > 1);
    expect(faulty.map(({ turns }) => turns.map(({ fault }) => fault))).toEqual([
      ['the answer is no JSON', null],
    ]);
  });
});

describe('a limit that is reached', () => {
  it('in the middle of a plan stops it there, and says what was done', async () => {
    const says = [stuck('/srv/limit')];
    const id = await lab.begin(says, { policy: 'auto', approve: 'none', budget: { commands: 1 } });
    const task = await lab.rests(id);
    expect(task).toMatchObject({ state: 'failed', error: { code: 'planner.budget-exhausted' } });
    expect(task.error?.message).toContain('1 of 1 commands');
    const steps = resultOf(task).report?.hosts[0]?.steps;
    expect(steps).toMatchObject([
      { id: 'first', outcome: 'changed', changes: [{ state: expect.stringContaining('touch /srv/limit') }] },
      { id: 'second', outcome: 'failed', error: { code: 'planner.budget-exhausted' } },
    ]);
    expect(await onHost(host, 'ls /srv/limit.first')).toBe('/srv/limit.first\n');
    expect(lab.planner.seen).toHaveLength(1);
  });

  it('by what the model has used ends the run beside what had failed', async () => {
    // each answer is counted as a hundred
    const says = [stuck('/srv/spent'), repair('retry'), repair('retry')];
    const id = await lab.begin(says, { policy: 'auto', approve: 'none', budget: { tokens: 150 } });
    const task = await lab.rests(id);
    expect(task).toMatchObject({ state: 'failed', error: { code: 'planner.budget-exhausted' } });
    expect(task.error?.message).toContain('200 of 150 tokens');
    expect(resultOf(task).report).toMatchObject({
      outcome: 'failed',
      decisions: [{ action: 'retry' }],
      hosts: [{ outcome: 'failed', error: { code: 'command.failed' } }],
    });
    expect(lab.planner.seen).toHaveLength(2);
  });

  it('of no time at all lets nothing begin', async () => {
    const id = await lab.begin([stuck('/srv/hurry')], {
      policy: 'auto',
      approve: 'none',
      budget: { time: 0 },
    });
    expect(await lab.rests(id)).toMatchObject({ error: { code: 'planner.budget-exhausted' } });
    await onHost(host, 'test ! -e /srv/hurry.first');
  });
});

describe('what is refused', () => {
  it('is a key that is not taken: it is named by its file, and kept nowhere', async () => {
    const { key } = lab.planner;
    const said: Move = { status: 401, body: { error: { message: `Incorrect API key: ${key}` } } };
    const task = await lab.rests(await lab.begin([said]));
    expect(task).toMatchObject({ state: 'failed', error: { code: 'planner.refused' } });
    expect(task.error?.message).toContain('box.key');
    expect(lab.planner.seen[0]?.headers).toMatchObject({ authorization: `Bearer ${key}` });
    const [events, calls, log] = await Promise.all([
      lab.daemon.api.events(task.id, 0, 1000),
      lab.daemon.api.transcript(task.id, 0, 100),
      readAuditLog(lab.daemon.places.folder),
    ]);
    expect(calls).toHaveLength(1);
    expect(JSON.stringify([task, events, calls, log])).not.toContain(key);
  });

  it('is a request without words, and one of a hundred kilobytes', async () => {
    const empty = await lab.rests(await lab.begin([], { intent: '  \n' }));
    expect(empty).toMatchObject({ state: 'failed', error: { code: 'input.invalid' } });
    await expect(lab.begin([], { intent: 'x'.repeat(100_000) })).rejects.toMatchObject({
      code: 'input.invalid',
    });
    expect(lab.planner.seen).toHaveLength(0);
  });
});

describe('what nobody was asked about', () => {
  it('is in the audit log, and the run can be read, recorded and replayed by any client (B06 B09)', async () => {
    // the request is not made clear first: the settings say so
    const wish = { policy: 'auto', approve: 'none', improve: undefined };
    const id = await lab.begin([filePlan('/srv/unasked', 'one')], wish, {
      overrides: { 'agent.improve': 'false' },
    });
    const task = await lab.rests(id);
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    const log = await readAuditLog(lab.daemon.places.folder);
    const entry = log.find(
      ({ action, command }) => action === 'policy.unasked' && command.includes('/srv/unasked'),
    );
    expect(entry).toMatchObject({ hosts: [host.name], why: expect.stringContaining('mode auto') });
    const { api } = lab.daemon;
    expect((await api.recordRunbook(task.id, 'unasked')).source).toContain('/srv/unasked');
    expect(await api.replayRun(task.id)).toMatchObject({ run: task.id, same: true });
    const shown = await lab.deckhand('transcript', task.id);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('1. plan  box/brain')]);
    expect(shown.stdout).toContain('70 + 30 tokens');
    const json = await lab.deckhand('transcript', task.id, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({ run: task.id, calls: [{ role: 'plan', tokens: 100 }] });
  });
});
