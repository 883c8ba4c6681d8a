import { expect, test } from 'vitest';
import type { PlanningRecord } from '../core/planning-record.ts';
import { samplePreview } from '../reports/sample-run.ts';
import { runScripted } from './scripted-surroundings.ts';

const record: PlanningRecord = {
  number: 1,
  role: 'plan',
  model: 'gpu-1/qwen',
  schemaName: 'plan',
  question: 'ab',
  startedAt: Date.parse('2026-11-22T03:00:00Z'),
  duration: 1500,
  instructions: 'You plan.',
  prompt: `Request: serve hello\n${'x'.repeat(4000)}\nlast line`,
  turns: [
    { answer: 'Sure!\u001b[2J', fault: 'the answer is no JSON' },
    { answer: '{"password": "hunter22"}', fault: null },
  ],
  requests: 2,
  usage: { promptTokens: 140, completionTokens: 60, cost: 0.0012 },
  tokens: 200,
  isWhole: true,
  error: null,
};

/** What a daemon gives that has these calls, page by page. */
function keeping(records: readonly PlanningRecord[]) {
  const transcript = async (_id: string, after: number, limit: number) =>
    await Promise.resolve(records.filter(({ number }) => number > after).slice(0, limit));
  return { tasks: { transcript } };
}

test('a call is shown with role, model, tokens, cost, prompt, answers and what was wrong with one', async () => {
  const { exitCode, stdout } = await runScripted(['transcript', 'task-1'], keeping([record]));
  expect(exitCode).toBe(0);
  expect(stdout).toContain('1. plan  gpu-1/qwen  2026-11-22T03:00:00.000Z');
  expect(stdout).toContain('2 requests, 140 + 60 tokens, cost 0.0012');
  expect(stdout).toMatch(/Request: serve hello[\s\S]+characters left out[\s\S]+last line/);
  expect(stdout).toContain('does not fit: the answer is no JSON');
  expect(stdout).toMatch(/1 call, 200 tokens, cost 0.0012\n$/);
  for (const absent of ['hunter22', '\u001b', 'You plan']) expect(stdout).not.toContain(absent);
});

test('--full shows the whole of every text, instructions among them', async () => {
  const { stdout } = await runScripted(['transcript', 'task-1', '--full'], keeping([record]));
  expect(stdout).toContain('You plan.');
  expect(stdout).toContain('x'.repeat(4000));
});

test('all calls are read, however many; as JSON they are data', async () => {
  const records = Array.from({ length: 45 }, (_, index) => ({ ...record, number: index + 1 }));
  const { stdout } = await runScripted(['transcript', 'task-1', '--json'], keeping(records));
  const { run, calls } = JSON.parse(stdout) as { run: string; calls: readonly PlanningRecord[] };
  expect([run, calls.length, calls[44]?.number]).toEqual(['task-1', 45, 45]);
  expect(stdout).not.toContain('hunter22');
  const none = await runScripted(['transcript', 'task-1'], keeping([]));
  expect(none.stdout).toBe('No model was asked in this run.\n');
});

test('ask --dry-run only plans, and says who would have to say yes', async () => {
  const command = {
    stepId: 'nginx',
    text: 'rm -r /srv/cache',
    class: 'destructive' as const,
    risks: ['data-loss'],
    rule: null,
    why: 'it removes files',
    meaning: 'm',
  };
  const look = async (decision: 'run' | 'ask' | 'refuse') => {
    const hosts = samplePreview.hosts.filter(({ error }) => error === undefined);
    const plan = async () =>
      await Promise.resolve({ ...samplePreview, hosts, commands: [{ ...command, decision }] });
    const run = async () => await Promise.reject(new Error('nothing is to be run'));
    return await runScripted(['ask', 'serve', 'hello', '--host', 'web-1', '--dry-run'], {
      api: { plan, run },
    });
  };
  expect(await look('ask')).toMatchObject({
    exitCode: 10,
    stdout: expect.stringContaining('a person would be asked before anything is changed'),
  });
  expect((await look('run')).stdout).toContain('would run unasked');
  expect((await look('refuse')).stdout).toContain('would be refused: it removes files');
});
