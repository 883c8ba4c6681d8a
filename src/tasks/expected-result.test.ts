import { expect, test } from 'vitest';
import type { CommandRun } from '../core/command-run.ts';
import { endedAsExpected, requireExpected } from './expected-result.ts';

const run = (over: Partial<CommandRun> & { readonly said?: string }): CommandRun => ({
  id: 'run-1',
  host: 'web-1',
  script: 'x',
  privilege: 'user',
  startedAt: 0,
  duration: 1,
  verdict: over.exitCode === 0 || over.exitCode === undefined ? 'succeeded' : 'failed',
  exitCode: 0,
  signal: null,
  stdout: new TextEncoder().encode(over.said ?? ''),
  stderr: new Uint8Array(),
  stdoutBytes: 0,
  stderrBytes: 0,
  truncated: false,
  ...over,
});

test.each([
  [{ exitCode: 0 }, { exitCodes: [0] }, true],
  [{ exitCode: 2 }, { exitCodes: [0, 2] }, true],
  [{ exitCode: 0 }, { exitCodes: [2] }, false],
  [{ exitCode: 2 }, { exitCodes: [0] }, false],
  [{ exitCode: 0, said: 'ready on 80\n' }, { exitCodes: [0], text: 'ready*80' }, true],
  [{ exitCode: 0, said: 'not yet\n' }, { exitCodes: [0], text: 'ready' }, false],
] as const)('%j against %j: %s', (given, expected, fits) => {
  const compare = () => requireExpected(run(given), 'x', { ...expected, exitCodes: [...expected.exitCodes] });
  if (fits) expect(compare()).toContain('as expected');
  else
    expect(compare).toThrow(
      expect.objectContaining({
        code: 'step.output-unexpected',
        details: expect.objectContaining({ runId: 'run-1' }) as object,
      }) as Error,
    );
});

test('nothing expected says nothing; a run whose end nobody saw is never as expected', () => {
  expect(requireExpected(run({}), 'x', null)).toBeUndefined();
  expect(endedAsExpected(run({ verdict: 'unknown', exitCode: null }), { exitCodes: [0] })).toBe(false);
  expect(endedAsExpected(run({ verdict: 'killed', exitCode: null, signal: 'KILL' }), null)).toBe(false);
});
