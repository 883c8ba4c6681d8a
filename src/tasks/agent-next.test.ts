import { describe, expect, it } from 'vitest';
import { ScriptedModel } from '../../test/fakes/scripted-model.ts';
import { planFromAnswer } from '../agent/plan-from-answer.ts';
import { sampleAnswer, sampleState, sampleStep } from '../agent/sample-answer.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import type { HostReport } from '../core/run-report.ts';
import type { RunBudget } from '../core/task-params.ts';
import { AgentMind, RunMemory, workedTime } from './agent-memory.ts';
import { decideNext, type Thinking } from './agent-next.ts';
import { firstRound, mergeReports, type Round } from './agent-round.ts';

const signal = new AbortController().signal;
const state = (name: string) =>
  sampleState({ kind: 'command', title: name, command: `touch /srv/${name}`, creates: `/srv/${name}` });
const answer = sampleAnswer([sampleStep('one', [state('one')])]);
const plan = planFromAnswer(answer, { intent: 'do one', hosts: ['a', 'b'], runbooks: [] });

function failed(host: string, message = 'no such thing', code: ErrorCode = 'command.failed'): HostReport {
  const error = new DeckhandError(code, message, { details: { runId: 'run-1' } }).toJSON();
  const step = {
    id: 'one',
    title: 'one',
    outcome: 'failed',
    duration: 1,
    changes: [],
    corrections: [],
    error,
  } as const;
  const run = {
    id: 'run-1',
    purpose: 'apply: one',
    script: 'x',
    verdict: 'failed',
    exitCode: 1,
    signal: null,
    duration: 1,
    stdout: `head ${'x'.repeat(10_000)} tail`,
    stderr: message,
  } as const;
  const base = { changed: 0, proofs: [], findings: [], roundTrips: 1 };
  return { ...base, host, outcome: 'failed', steps: [step], commandRuns: [run], error };
}
const proved = (host: string): HostReport => {
  const { error: _error, ...report } = failed(host);
  return { ...report, outcome: 'proved', steps: [] };
};

function thinking(says: readonly unknown[], kept = new Map<string, object>(), budget: RunBudget = {}) {
  const model = new ScriptedModel(says);
  const steps = kept as Map<string, Record<string, unknown>>;
  const memory = new RunMemory({
    steps,
    remember: async (name, value) => void kept.set(name, await Promise.resolve(value)),
  });
  const hosts = {
    facts: async () => await Promise.resolve({ facts: { hostname: 'x' }, age: 0 }),
    runbooks: async () => await Promise.resolve([]),
  };
  const params = { intent: 'do one', hosts: ['a', 'b'], parameters: {} };
  const work = { params, hosts, cancel: signal, emit: () => {}, phase: () => {} };
  const mind = new AgentMind(model, memory, budget, { signal, worked: () => 1000 });
  return { model, thinking: { work, memory, mind, signal } as unknown as Thinking };
}
const word = (action: string, over: object = {}) => ({
  action,
  reason: 'because',
  steps: [],
  readId: null,
  readFrom: null,
  ...over,
});
const round: Round = firstRound(plan, ['a', 'b']);

describe('after a round that failed', () => {
  it('a repair changes the plan on the host it is for, and only failed hosts go on', async () => {
    const says = [word('replace', { steps: [sampleStep('other', [state('other')])] })];
    const next = await decideNext(thinking(says).thinking, round, [failed('a'), proved('b')]);
    expect(next).toMatchObject({ next: 'round', round: { number: 1, only: ['a'], repairs: { 'a/one': 1 } } });
    if (next.next !== 'round') return;
    expect(next.round.plan.steps.map(({ id, hosts }) => [id, hosts])).toEqual([
      ['one', ['b']],
      ['other-r1', ['a']],
    ]);
  });

  it('reads more of an output by its id before it decides', async () => {
    const { model, thinking: parts } = thinking([
      word('read', { readId: 'run-1', readFrom: 9000 }),
      word('retry'),
    ]);
    const next = await decideNext(parts, round, [failed('a'), proved('b')]);
    expect(next).toMatchObject({ next: 'round', round: { plan } });
    expect(model.calls[0]?.prompt).toMatch(/characters left out/);
    expect(model.calls[1]?.prompt).toMatch(/<<< untrusted output of run-1/);
  });

  it('a repair that cannot be taken goes back once, then the plan is made anew', async () => {
    const bad = word('replace', {
      steps: [sampleStep('bad', [sampleState({ kind: 'package', name: '-o evil' })])],
    });
    const { model, thinking: parts } = thinking([bad, bad, answer]);
    const next = await decideNext(parts, round, [failed('a'), failed('b')].slice(0, 1));
    expect(model.calls.map(({ role }) => role)).toEqual(['repair', 'repair', 'plan']);
    expect(next).toMatchObject({ next: 'round', round: { replans: 1 } });
  });

  it('the same failure twice, or a fourth repair, is a new plan without asking for a repair', async () => {
    const again = { ...round, seen: ['a/one: command.failed: no such thing'] };
    const fourth = { ...round, repairs: { 'a/one': 3 } };
    for (const before of [again, fourth]) {
      const { model, thinking: parts } = thinking([answer]);
      await decideNext(parts, before, [failed('a'), proved('b')]);
      expect(model.calls.map(({ role }) => role)).toEqual(['plan']);
    }
  });

  it('two new plans are enough: then a person is needed', async () => {
    const next = await decideNext(thinking([word('replan')]).thinking, { ...round, replans: 2 }, [
      failed('a'),
    ]);
    expect(next).toMatchObject({ next: 'escalate', reason: '2 new plans did not help' });
  });

  it.each(['ssh.refused', 'policy.refused', 'approval.declined', 'planner.budget-exhausted'] as const)(
    'what no command can mend ends the run: %s',
    async code => {
      const { model, thinking: parts } = thinking([]);
      expect(await decideNext(parts, round, [failed('a', 'x', code)])).toEqual({ next: 'end' });
      expect(model.calls).toEqual([]);
    },
  );

  it('a host out of reach does not keep the others from being mended', async () => {
    const reports = [failed('a'), failed('b', 'x', 'ssh.refused')];
    const next = await decideNext(thinking([word('retry')]).thinking, round, reports);
    expect(next).toMatchObject({ next: 'round', round: { only: ['a'] } });
  });

  it('an answer is asked for once in a run, and a budget is kept', async () => {
    const kept = new Map<string, object>();
    await decideNext(thinking([word('retry')], kept).thinking, round, [failed('a')]);
    const { model, thinking: parts } = thinking([], kept);
    expect(await decideNext(parts, round, [failed('a')])).toMatchObject({ next: 'round' });
    expect(model.calls).toEqual([]);
    const spent = thinking([word('retry')], kept, { tokens: 20 }).thinking;
    await expect(decideNext(spent, { ...round, number: 1 }, [failed('a')])).rejects.toMatchObject({
      code: 'planner.budget-exhausted',
    });
  });
});

describe('the time of a run', () => {
  it('is what it worked: while a person thinks it does not pass', () => {
    const asked = { askedAt: 2000, decidedAt: 3_602_000 };
    expect(workedTime(1000, [asked, { askedAt: 3_603_000, decidedAt: null }], 3_604_000)).toBe(3000);
    expect(workedTime(null, [], 5)).toBe(0);
  });

  it('bounds what a model is asked, too', async () => {
    const { thinking: parts } = thinking([word('retry')], new Map(), { time: 1000 });
    await expect(decideNext(parts, round, [failed('a')])).rejects.toMatchObject({
      code: 'planner.budget-exhausted',
      message: expect.stringContaining('1000 of 1000 ms'),
    });
  });
});

describe('reports of several rounds', () => {
  it('tell the last state and every change', () => {
    const change = { state: 'file /x', diff: [], commandRunId: 'run-0' };
    const first = failed('a');
    const before = {
      ...first,
      steps: [{ ...first.steps[0], outcome: 'changed', changes: [change] }],
    } as HostReport;
    const after = {
      ...before,
      outcome: 'proved',
      steps: [{ ...before.steps[0], outcome: 'unchanged', changes: [] }],
    };
    const [merged] = mergeReports([before, proved('b')], [after as HostReport], ['a', 'b']);
    expect(merged).toMatchObject({
      outcome: 'proved',
      changed: 1,
      roundTrips: 2,
      steps: [{ outcome: 'changed' }],
    });
  });
});
