import { describe, expect, it } from 'vitest';
import { runScripted } from './scripted-surroundings.ts';
import type { RunReport } from '../core/run-report.ts';
import { provedReport } from '../reports/sample-run.ts';
import { parseBudget, planRequestOf } from './plan-request.ts';

const flags = { host: ['web-1'], set: [], runbook: undefined };

describe('a request of the command line', () => {
  it('says who plans, what may run, how much it may use and what is left as it is', () => {
    const given = { model: 'gpu-1/qwen', mode: 'read-only', budget: 'tokens=5000,time=10m', noImprove: true };
    expect(planRequestOf({ ...flags, ...given }, ['make', 'it', 'so'])).toEqual({
      hosts: 'web-1',
      parameters: {},
      intent: 'make it so',
      model: 'gpu-1/qwen',
      policy: 'read-only',
      budget: { tokens: 5000, time: 600_000 },
      improve: false,
    });
  });

  it('refuses a mode that is none', () => {
    expect(() => planRequestOf({ ...flags, mode: 'yolo' }, ['x'])).toThrow(
      expect.objectContaining({ code: 'input.invalid', message: expect.stringContaining('allow-list') }),
    );
  });

  it.each([
    ['50000', { tokens: 50_000 }],
    ['tokens=0', { tokens: 0 }],
    ['cost=0.5, commands=3', { cost: 0.5, commands: 3 }],
    ['time=90s', { time: 90_000 }],
  ])('reads the budget %s', (text, budget) => expect(parseBudget(text)).toEqual(budget));

  it.each(['', 'much', 'tokens=-1', 'tokens=1.5', 'commands=', 'dollars=3', 'time=soon'])(
    'refuses the budget %j',
    text => expect(() => parseBudget(text)).toThrow(expect.objectContaining({ code: 'input.invalid' })),
  );
});

describe('ask without an intent', () => {
  it('takes one request after the other at a terminal, and ends at an empty line', async () => {
    const { exitCode, questions } = await runScripted(['ask', '--host', 'web-1', '--yes'], {
      answers: ['serve a page', ''],
    });
    expect(questions).toEqual(['What should be true?', 'What should be true?']);
    expect(exitCode).toBe(0);
  });

  it('tells each request what was asked before it, and what came of that', async () => {
    const earlier: unknown[] = [];
    const run = async (request: { readonly earlier?: unknown }): Promise<RunReport> => {
      earlier.push(request.earlier);
      return await Promise.resolve(provedReport);
    };
    await runScripted(['ask', '--host', 'web-1', '--yes'], {
      api: { run },
      answers: ['serve a page', 'now on port 81', '/quit'],
    });
    expect(earlier).toEqual([
      undefined,
      [{ intent: 'serve a page', outcome: expect.stringContaining('proved') }],
    ]);
  });

  it('is a usage error where nobody can be asked', async () => {
    const { exitCode, stderr } = await runScripted(['ask', '--host', 'web-1', '--yes']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('INTENT');
  });
});
