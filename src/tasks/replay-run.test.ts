import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ALL_OFF } from '../agent/corrections/choose.ts';
import { systemClock } from '../core/clock.ts';
import { planSchema } from '../core/plan.ts';
import type { CommandRunRecord, RunReport } from '../core/run-report.ts';
import type { StepPort } from './apply-step.ts';
import { lookAtHost, runOnHost } from './host-run.ts';
import { replayRun } from './replay-run.ts';
import { RunJournal } from './run-journal.ts';

const { signal } = new AbortController();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-replay-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

/** A port whose commands really run, in a shell of this machine. */
function localPort(): StepPort {
  let runs = 0;
  return {
    host: 'here',
    journal: new RunJournal(),
    clock: systemClock,
    emit: () => {},
    onOutput: () => {},
    guard: async () => {},
    round: 0,
    corrections: {
      rules: { mode: 'off', book: { rules: [] }, off: new Set([ALL_OFF]) },
      ask: async () => await Promise.resolve(false),
      audit: async () => {},
    },
    run: async ({ host, script, privilege }) => {
      const { status, stdout, stderr } = spawnSync('sh', ['-c', script]);
      runs += 1;
      return await Promise.resolve({
        id: `run-${runs}`,
        host,
        script,
        privilege,
        startedAt: 0,
        duration: 1,
        signal: null,
        verdict: status === 0 ? 'succeeded' : 'failed',
        exitCode: status,
        stdout,
        stderr,
        stdoutBytes: stdout.length,
        stderrBytes: stderr.length,
        truncated: false,
      });
    },
  };
}

async function recordedRun(): Promise<RunReport> {
  const file = join(folder, 'made');
  const step = (id: string, name: string) => ({
    id,
    title: `make ${name}`,
    states: [
      { kind: 'command', title: name, script: `touch ${file}-${name}`, unless: `test -e ${file}-${name}` },
    ],
  });
  const plan = planSchema.parse({
    intent: 'x',
    goal: 'two files',
    steps: [step('one', 'one'), step('two', 'two')],
    postconditions: [{ title: 'both are there', script: `test -e ${file}-one && test -e ${file}-two` }],
  });
  const port = localPort();
  const host = await runOnHost(port, plan, await lookAtHost(port, plan, signal), signal);
  return {
    version: 1,
    id: 'task-1',
    intent: 'x',
    goal: plan.goal,
    plan,
    startedAt: '',
    duration: 1,
    outcome: host.outcome,
    hosts: [{ ...host, roundTrips: 1, commandRuns: port.journal.records }],
  };
}

/** The same with one recorded answer changed. */
function changed(report: RunReport, change: (run: CommandRunRecord) => CommandRunRecord): RunReport {
  const [host] = report.hosts;
  return { ...report, hosts: [{ ...host!, commandRuns: host!.commandRuns.map(change) }] };
}

test('a recorded run comes out the same without any host, as often as one likes', async () => {
  const report = await recordedRun();
  expect(report.outcome).toBe('proved');
  // as it is kept and sent
  const kept = JSON.parse(JSON.stringify(report)) as RunReport;
  for (let time = 0; time < 2; time += 1) {
    const replay = await replayRun(kept, signal);
    expect(replay.parts.map(({ part, replayed }) => `${part}: ${replayed.split(';')[0]}`)).toEqual([
      'step one: changed',
      'step two: changed',
      'proof both are there: holds',
      'host: proved',
    ]);
    expect(replay.same).toBe(true);
  }
});

test('one changed answer fails at its step', async () => {
  const report = await recordedRun();
  const failing = changed(report, run =>
    run.purpose.startsWith('apply') && /touch .*-two/.test(run.script)
      ? { ...run, exitCode: 1, verdict: 'failed', stderr: 'no' }
      : run,
  );
  const replay = await replayRun(failing, signal);
  expect(replay.parts.filter(({ same }) => !same).map(({ part }) => part)[0]).toBe('step two');
  expect(replay.parts.find(({ part }) => part === 'step one')?.same).toBe(true);
});

test('one changed byte of a check fails at what it checks', async () => {
  const report = await recordedRun();
  const proof = report.hosts[0]!.proofs[0]!.commandRunId;
  const lying = changed(report, run =>
    run.id === proof ? { ...run, stdout: run.stdout.replaceAll(/(?<= 64 )\S+/g, failedExit) } : run,
  );
  const replay = await replayRun(lying, signal);
  expect(replay.same).toBe(false);
  expect(replay.parts.filter(({ same }) => !same).map(({ part }) => part)).toContain('proof both are there');
});

/** The exit code at the end of what a check printed, from 0 to 1. */
function failedExit(encoded: string): string {
  const text = Buffer.from(encoded, 'base64').toString().replace(/ 0$/, ' 1');
  return Buffer.from(text).toString('base64');
}

test('a command for which nothing was recorded is no success', async () => {
  const report = await recordedRun();
  const [host] = report.hosts;
  const replay = await replayRun({ ...report, hosts: [{ ...host!, commandRuns: [] }] }, signal);
  expect(replay.parts.every(({ same }) => same)).toBe(false);
  expect(replay.parts.at(-1)).toMatchObject({ part: 'host', replayed: 'failed: step.check-unreadable' });
});
