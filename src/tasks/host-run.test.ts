import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import type { CommandRun, RunCommand } from '../core/command-run.ts';
import { planSchema, type Plan } from '../core/plan.ts';
import type { RunEventBody } from '../core/run-event.ts';
import type { StepReport } from '../core/run-report.ts';
import type { StepPort } from './apply-step.ts';
import { lookAtHost, runOnHost } from './host-run.ts';
import type { StepMemory } from './run-steps.ts';
import { RunJournal } from './run-journal.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'host-run-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

/** The real shell of this machine in place of a host: scripts are run, not believed. */
const runLocally: RunCommand = async request =>
  await new Promise<CommandRun>(resolve => {
    const child = execFile(
      '/bin/sh',
      ['-s'],
      { encoding: 'buffer', cwd: folder, env: { PATH: `${folder}/bin:${process.env['PATH']}` } },
      (error, stdout, stderr) => {
        const exitCode = error ? Number(error.code) : 0;
        const { host, script, privilege } = request;
        const output = {
          stdout,
          stderr,
          stdoutBytes: stdout.length,
          stderrBytes: stderr.length,
          truncated: false,
        };
        const verdict = exitCode === 0 ? 'succeeded' : 'failed';
        resolve({
          id: `run-${Math.random()}`,
          host,
          script,
          privilege,
          startedAt: 0,
          duration: 0,
          verdict,
          exitCode,
          signal: null,
          ...output,
        });
      },
    );
    child.stdin?.end(request.script);
  });

function command(name: string, script: string, unless: string): object {
  return { kind: 'command', title: name, script, unless, privilege: 'user' };
}

async function carryOut(
  steps: readonly object[],
  postconditions: readonly object[] = [],
  memory?: StepMemory,
) {
  const plan: Plan = planSchema.parse({ intent: 'test', goal: 'test', steps, postconditions });
  const events: RunEventBody[] = [];
  const port: StepPort = {
    host: 'here',
    run: runLocally,
    journal: new RunJournal(),
    clock: systemClock,
    emit: event => events.push(event),
    onOutput: () => undefined,
    corrections: {
      rules: { mode: 'off', book: { rules: [] }, off: new Set() },
      ask: () => Promise.resolve(false),
      audit: () => Promise.resolve(),
    },
    guard: () => Promise.resolve(),
    round: 0,
  };
  const { signal } = new AbortController();
  const options = memory ? { memory } : {};
  const report = await runOnHost(port, plan, await lookAtHost(port, plan, signal), signal, options);
  return { report, events, scripts: port.journal.records };
}

describe('a plan on one host', () => {
  it('changes what does not hold, proves it, and changes nothing the second time', async () => {
    const steps = [{ id: 'one', title: 'one', states: [command('make a', 'echo x >>a', 'test -e a')] }];
    const proof = [{ title: 'a says x', script: 'test "$(cat a)" = x' }];
    const first = await carryOut(steps, proof);
    expect(first.report).toMatchObject({ outcome: 'proved', changed: 1, proofs: [{ holds: true }] });
    const second = await carryOut(steps, proof);
    expect(second.report).toMatchObject({ outcome: 'proved', changed: 0, steps: [{ outcome: 'unchanged' }] });
    expect(second.scripts).toHaveLength(1);
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('x\n');
  });

  it('asks once what holds after a step that failed: it is not waited for', async () => {
    const steps = [{ id: 'bad', title: 'bad', states: [command('exit 7', 'exit 7', 'false')] }];
    const never = [{ title: 'never', script: 'echo asked >>asked; false', within: 600 }];
    const { report } = await carryOut(steps, never);
    expect(report).toMatchObject({ outcome: 'failed', proofs: [{ holds: false }] });
    // before the step, and after it
    expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('asked\nasked\n');
  });

  it('does not run the dependants of a failed step, and the run fails (T01, T19)', async () => {
    const { report } = await carryOut([
      { id: 'bad', title: 'bad', states: [command('exit 7', 'exit 7', 'false')] },
      {
        id: 'after',
        title: 'after',
        dependsOn: ['bad'],
        states: [command('make b', 'touch b', 'test -e b')],
      },
      { id: 'beside', title: 'beside', states: [command('make c', 'touch c', 'test -e c')] },
    ]);
    expect(report.outcome).toBe('failed');
    expect(report.steps.map(step => step.outcome)).toEqual(['failed', 'skipped', 'changed']);
    expect(report.steps[0]?.error).toMatchObject({ code: 'command.failed', details: { exitCode: 7 } });
    expect(report.error?.code).toBe('command.failed');
  });

  it('calls a step that exits 0 without effect failed', async () => {
    const { report } = await carryOut([
      { id: 'lie', title: 'lie', states: [command('claim', 'echo done', 'test -e never')] },
    ]);
    expect(report.steps[0]).toMatchObject({ outcome: 'failed', error: { code: 'step.check-failed' } });
  });

  it('calls a run whose post-condition does not hold failed', async () => {
    const { report } = await carryOut(
      [{ id: 'one', title: 'one', states: [command('make a', 'touch a', 'test -e a')] }],
      [{ title: 'b is there', script: 'test -e b' }],
    );
    expect(report).toMatchObject({ outcome: 'failed', error: { code: 'run.postcondition-failed' } });
  });

  it('corrects a known failure once: the command twice, the correction once (T22)', async () => {
    // A package manager that only notes how often it was asked: this machine's own is left alone.
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin', 'apt-get'), `#!/bin/sh\necho "$*" >>${folder}/repairs\n`, {
      mode: 0o755,
    });
    const script = 'echo x >>count; echo "E: Unable to locate package nginx" >&2; exit 100';
    const { report, events } = await carryOut([
      {
        id: 'apt',
        title: 'apt',
        states: [{ ...command('install', script, 'test -e never'), privilege: 'root' }],
      },
    ]);
    expect(events.filter(event => event.kind === 'correction')).toHaveLength(1);
    expect(await readFile(join(folder, 'count'), 'utf8')).toBe('x\nx\n');
    expect((await readFile(join(folder, 'repairs'), 'utf8')).trim().split('\n')).toHaveLength(1);
    expect(report.outcome).toBe('failed');
    expect(report.steps[0]?.corrections).toHaveLength(1);
  });

  it('does not make again what a later step built on, whenever it was interrupted (R01)', async () => {
    const steps = [
      { id: 'page', title: 'page', states: [command('write', 'echo page >a', 'test "$(cat a)" = page')] },
      { id: 'note', title: 'note', states: [command('add', 'echo note >>a', 'grep -qx note a')] },
    ];
    const kept = new Map<string, StepReport>();
    const interruptedAt = (stepId: string): StepMemory => ({
      finished: id => kept.get(id),
      begun: () => false,
      begin: async () => {},
      remember: async report => {
        if (report.id === stepId) throw new Error('killed');
        kept.set(report.id, report);
        return await Promise.resolve();
      },
    });
    await expect(carryOut(steps, [], interruptedAt('page'))).rejects.toThrow('killed');
    await expect(carryOut(steps, [], interruptedAt('note'))).rejects.toThrow('killed');
    const { report } = await carryOut(steps, [], interruptedAt('never'));
    expect(report).toMatchObject({ outcome: 'proved', changed: 0 });
    expect(await readFile(join(folder, 'a'), 'utf8')).toBe('page\nnote\n');
  });
});
