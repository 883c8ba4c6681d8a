import { expect, test } from 'vitest';
import type { ExecHostResult } from '../api/contract.ts';
import type { ErrorCode } from '../core/error-table.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { combineExits, exitCodeOfExec, exitCodeOfPreview, exitCodeOfRun } from './exit-code.ts';

const proved = { outcome: 'proved' } as const;
const failed = (code?: ErrorCode) =>
  code === undefined
    ? ({ outcome: 'failed' } as const)
    : ({ outcome: 'failed', error: new DeckhandError(code, 'x').toJSON() } as const);

test.each([
  ['proved', { outcome: 'proved', hosts: [proved] }, 0],
  ['declined', { outcome: 'declined', hosts: [] }, 7],
  ['declined although one host was done', { outcome: 'declined', hosts: [proved] }, 7],
  ['one host failed, no code', { outcome: 'failed', hosts: [failed()] }, 1],
  ['some failed', { outcome: 'failed', hosts: [proved, failed('ssh.refused')] }, 3],
  [
    'all unreachable, by different codes',
    { outcome: 'failed', hosts: [failed('ssh.refused'), failed('ssh.unreachable')] },
    4,
  ],
  ['all host keys unknown', { outcome: 'failed', hosts: [failed('ssh.host-key-unknown')] }, 5],
  ['all timed out', { outcome: 'failed', hosts: [failed('command.timeout'), failed('command.timeout')] }, 8],
  ['approval missing', { outcome: 'failed', hosts: [], error: failed('approval.needed').error! }, 7],
  [
    'all failed differently',
    { outcome: 'failed', hosts: [failed('ssh.refused'), failed('host.disk-full')] },
    1,
  ],
  ['a person stopped it', { outcome: 'failed', hosts: [proved, failed('command.cancelled')] }, 130],
  [
    'no host reached, error of the run',
    { outcome: 'failed', hosts: [], error: failed('plan.no-match').error! },
    2,
  ],
] as const)('a run: %s', (_, report, code) => {
  expect(exitCodeOfRun(report)).toBe(code);
});

function result(host: string, part: Partial<ExecHostResult>): ExecHostResult {
  return {
    host,
    verdict: 'succeeded',
    exitCode: 0,
    signal: null,
    stdout: new Uint8Array(),
    stderr: new Uint8Array(),
    stdoutBytes: 0,
    stderrBytes: 0,
    truncated: false,
    duration: 1,
    runId: 'run-1',
    ...part,
  };
}
const lost = new DeckhandError('ssh.refused', 'x').toJSON();

test.each([
  ['fine', [result('a', {})], 0],
  ['the remote code on one host', [result('a', { verdict: 'failed', exitCode: 42 })], 42],
  ['killed, as shells say it', [result('a', { verdict: 'killed', exitCode: null, signal: 'KILL' })], 137],
  ['killed by who knows what', [result('a', { verdict: 'killed', exitCode: null, signal: 'ODD' })], 1],
  ['unknown', [result('a', { verdict: 'unknown', exitCode: null })], 1],
  ['unreachable', [result('a', { verdict: 'error', exitCode: null, error: lost })], 4],
  ['several, some failed', [result('a', {}), result('b', { verdict: 'failed', exitCode: 42 })], 3],
  [
    'several, all failed',
    [result('a', { verdict: 'failed', exitCode: 2 }), result('b', { verdict: 'failed', exitCode: 42 })],
    1,
  ],
] as const)('exec: %s', (_, results, code) => {
  expect(exitCodeOfExec({ results })).toBe(code);
});

test('a preview says 10 when something would change', () => {
  const still = { host: 'a', pending: [], openPostconditions: [] };
  const pending = { ...still, pending: [{ stepId: 's', state: 'x', diff: [] }] };
  expect(exitCodeOfPreview({ hosts: [still] })).toBe(0);
  expect(exitCodeOfPreview({ hosts: [still, pending] })).toBe(10);
  expect(exitCodeOfPreview({ hosts: [pending, { ...still, error: lost }] })).toBe(3);
});

test('no hosts at all is no failure', () => {
  expect(combineExits([])).toBe(0);
});
