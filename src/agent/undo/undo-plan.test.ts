import { describe, expect, it } from 'vitest';
import { planSchema } from '../../core/plan.ts';
import type { HostReport, RunReport, StepUndo } from '../../core/run-report.ts';
import { describeState } from '../../states/registry.ts';
import { irreversibleOf } from './uncovered.ts';
import { undoPlan } from './undo-plan.ts';

const EMPTY: Omit<StepUndo, 'kept'> = { privilege: 'root', subjects: [], packages: [], uncovered: [] };
const subject = (number: number, of: 'path' | 'tree' | 'unit', name: string, was: string, left: string) => ({
  number,
  of,
  name,
  was,
  left,
});

function reportOf(
  steps: readonly object[],
  undos: readonly Partial<StepUndo>[],
  hosts: readonly string[] = ['web-1'],
): RunReport {
  const plan = planSchema.parse({
    intent: 'x',
    goal: 'x',
    steps: steps.map((step, index) => ({ id: `s${index + 1}`, title: `step ${index + 1}`, ...step })),
  });
  const host = (name: string): HostReport => ({
    host: name,
    outcome: 'proved',
    changed: 1,
    proofs: [],
    findings: [],
    commandRuns: [],
    roundTrips: 1,
    steps: plan.steps.map(({ id, title, states }, index) => ({
      id,
      title,
      outcome: 'changed',
      duration: 1,
      corrections: [],
      changes: states.map(state => ({ state: describeState(state), diff: [], commandRunId: 'run-1' })),
      ...(undos[index] ? { undo: { ...EMPTY, kept: `task-1/${id}`, ...undos[index] } } : {}),
    })),
  });
  const base = { version: 1, id: 'task-1', intent: 'x', goal: 'x', startedAt: '', duration: 1 } as const;
  return { ...base, plan, outcome: 'proved', hosts: hosts.map(host) };
}

const file = (path: string) => ({ states: [{ kind: 'file', path, content: 'x' }] });

describe('a run as a plan that takes it back', () => {
  it('begins with the latest step, each after the one before', () => {
    const report = reportOf(
      [file('/a'), file('/b')],
      [
        { subjects: [subject(0, 'path', '/a', 'absent, in /', 'file a')] },
        { subjects: [subject(0, 'path', '/b', 'file old', 'file b')] },
      ],
    );
    const { plan, hosts, uncovered } = undoPlan(report);
    expect(planSchema.parse(plan)).toEqual(plan);
    expect(plan.steps.map(({ id, dependsOn }) => [id, dependsOn])).toEqual([
      ['undo-s2', []],
      ['undo-s1', ['undo-s2']],
    ]);
    expect(plan.steps[0]?.states).toMatchObject([
      { kind: 'restored', of: 'path', name: '/b', was: 'file old', left: 'file b', kept: 'task-1/s2/0' },
    ]);
    expect([hosts, uncovered]).toEqual([['web-1'], []]);
  });

  it('brings what two steps touched to how it was before the first, once', () => {
    const report = reportOf(
      [file('/a'), file('/a')],
      [
        { subjects: [subject(0, 'path', '/a', 'absent, in /', 'file 1')] },
        { subjects: [subject(0, 'path', '/a', 'file 1', 'file 2')] },
      ],
    );
    const states = undoPlan(report).plan.steps.flatMap(step => step.states);
    expect(states).toMatchObject([{ was: 'absent, in /', left: 'file 2', kept: 'task-1/s1/0' }]);
  });

  it('stops units first, puts back, and lets those that ran read again', () => {
    const states = [
      { kind: 'file', path: '/etc/n/conf' },
      { kind: 'service', name: 'n', reloadAfter: ['/etc/n/conf'] },
      { kind: 'service', name: 'new' },
    ];
    const report = reportOf(
      [{ states }],
      [
        {
          subjects: [
            subject(0, 'path', '/etc/n/conf', 'file old', 'file new'),
            subject(2, 'unit', 'new', 'not there', 'active enabled'),
          ],
        },
      ],
    );
    expect(undoPlan(report).plan.steps[0]?.states).toMatchObject([
      { kind: 'service', name: 'new', running: false, enabled: false },
      { kind: 'restored', name: '/etc/n/conf' },
      { kind: 'service', name: 'n', running: true, reloadAfter: ['/etc/n/conf', '/etc/n'] },
    ]);
  });

  it('makes a group again before the account that was in it, and takes a new one away after', () => {
    const subjects = [
      { number: 0, of: 'group', name: 'crew', was: '4711:bob', left: 'absent' },
      { number: 1, of: 'group', name: 'guild', was: 'absent', left: '4712:' },
      {
        number: 2,
        of: 'user',
        name: 'bob',
        was: '1:1::/home/bob:/bin/sh groups bob crew keys none password x',
        left: '1:1::/home/bob:/bin/sh groups bob guild keys none password x',
      },
    ] as const;
    const { plan } = undoPlan(reportOf([file('/a')], [{ subjects: [...subjects] }]));
    expect(plan.steps[0]?.states).toMatchObject([
      { name: 'crew' },
      // who comes back with the group was not put there by somebody since
      { name: 'bob', left: '1:1::/home/bob:/bin/sh groups bob crew guild keys none password x' },
      { name: 'guild' },
    ]);
  });

  it('knows a unit by both of its names', () => {
    const states = [{ kind: 'service', name: 'n', reloadAfter: ['/n'], reloadBy: 'restart' }];
    const left = subject(0, 'unit', 'n.service', 'active enabled', 'inactive enabled');
    const { plan } = undoPlan(reportOf([{ states }], [{ subjects: [left] }]));
    expect(plan.steps[0]?.states).toMatchObject([
      { kind: 'service', name: 'n.service', running: true, reloadBy: 'restart' },
    ]);
  });

  it('gives commands the way back of their author, proved by their own checks', () => {
    const states = [
      { kind: 'command', title: 'mark', script: 'touch /m', creates: '/m', unless: 'test -e /n' },
    ];
    const report = reportOf([{ states, undo: 'rm /m' }], [{}]);
    const [state] = undoPlan(report).plan.steps[0]?.states ?? [];
    expect(state).toMatchObject({ kind: 'command', script: 'rm /m', destructive: true });
    expect(state?.kind === 'command' && state.unless).toContain("[ -e /m ] && sh -c 'test -e /n' </dev/null");
  });

  it('names what it does not cover, and is no plan where that is all', () => {
    const command = { states: [{ kind: 'command', title: 'shout', script: 'x', creates: '/x' }] };
    const both = undoPlan(
      reportOf([command, file('/a')], [{}, { subjects: [subject(0, 'path', '/a', 'absent, in /', 'file')] }]),
    );
    expect(both.uncovered[0]).toContain('web-1, s1: command shout');
    expect(both.plan.goal).toContain('except');
    expect(both.plan.assumptions[0]).toContain('not taken back: web-1, s1');
    expect(() => undoPlan(reportOf([command], [{}]))).toThrow(
      expect.objectContaining({ code: 'undo.nothing-kept' }) as Error,
    );
    // what was changed without anything kept is never called undone
    expect(() => undoPlan(reportOf([file('/a')], []))).toThrow(/nothing was kept before it/);
  });

  it('is of chosen steps by id or number, and refuses one that is not there', () => {
    const undos = ['/a', '/b'].map(path => ({
      subjects: [subject(0, 'path', path, 'absent, in /', 'file')],
    }));
    const report = reportOf([file('/a'), file('/b')], undos);
    const ids = (steps: readonly string[]) => undoPlan(report, { steps }).plan.steps.map(({ id }) => id);
    expect([ids(['2']), ids(['s1'])]).toEqual([['undo-s2'], ['undo-s1']]);
    expect(() => ids(['s9'])).toThrow(expect.objectContaining({ code: 'input.invalid' }) as Error);
  });

  it('has steps of their own for each of several hosts', () => {
    const undo = { subjects: [subject(0, 'path', '/a', 'absent, in /', 'file')] };
    const { plan } = undoPlan(reportOf([file('/a')], [undo], ['web-1', 'web-2']));
    expect(plan.steps.map(({ id, hosts }) => [id, hosts])).toEqual([
      ['undo-h1-s1', ['web-1']],
      ['undo-h2-s1', ['web-2']],
    ]);
  });
});

describe('before a step runs', () => {
  const step = (state: object, over: object = {}) =>
    planSchema.parse({ intent: '', goal: 'x', steps: [{ id: 's', title: 'x', states: [state], ...over }] })
      .steps[0]!;
  const command = { kind: 'command', title: 'c', script: 'x', creates: '/x' };
  it('is said what cannot be taken back', () => {
    expect(irreversibleOf(step({ kind: 'package', name: 'nginx' }))).toEqual([]);
    expect(irreversibleOf(step(command))[0]).toContain('neither what it touches');
    expect(irreversibleOf(step({ ...command, effects: ['/srv/x', 'a mail'] }))[0]).toContain('only /srv/x');
    expect(irreversibleOf(step(command, { undo: 'rm /x' }))).toEqual([]);
  });
});
