import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CallOptions, PlanRequest, RunRequest } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunReport } from '../core/run-report.ts';
import { provedReport, samplePreview } from '../reports/sample-run.ts';
import { runScripted } from './scripted-surroundings.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deckhand-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('usage', () => {
  test.each([
    ['an unknown command', ['bogus']],
    ['an unknown flag', ['plan', 'x', '--host', 'a', '--bogus']],
    ['a missing host', ['ask', 'x']],
    ['a missing command', ['exec', 'web-1']],
    ['no intent and no runbook', ['ask', '--host', 'a']],
    ['an empty selector', ['ask', 'x', '--host', '']],
    ['a parameter without value', ['plan', 'x', '--host', 'a', '--set', 'port']],
    ['a parameter given twice', ['plan', 'x', '--host', 'a', '--set', 'p=1', '--set', 'p=2']],
    ['a bad duration', ['exec', 'a', '--timeout', 'soon', '--', 'true']],
    ['a bad port', ['hosts', 'add', 'a', 'b', '--port', '0']],
    ['a report of no known form', ['ask', 'x', '--host', 'a', '--yes', '--report', 'x.pdf']],
    ['two sources of one password', ['doctor', '--ask-sudo-password', '--sudo-password-fd', '3']],
  ])('%s ends with 2 and says so', async (_, inputs) => {
    const run = await runScripted(inputs);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/^error input\.invalid: .+\nhint: .+/);
    expect(run.stdout).toBe('');
  });

  test('with --json an unknown flag is data on stdout', async () => {
    const run = await runScripted(['plan', 'x', '--host', 'a', '--bogus', '--json']);
    expect(run.exitCode).toBe(2);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, error: { code: 'input.invalid' } });
  });

  test('--json and --jsonl exclude each other', async () => {
    expect((await runScripted(['doctor', '--json', '--jsonl'])).exitCode).toBe(2);
  });

  test('help and version open no engine', async () => {
    expect(await runScripted(['ask', '--help'])).toMatchObject({ exitCode: 0, opened: null });
    expect(await runScripted(['--version'])).toMatchObject({ exitCode: 0, stdout: '9.9.9\n', opened: null });
  });

  test.each([
    'ask',
    'plan',
    'apply',
    'exec',
    'doctor',
    'demo',
    'hosts list',
    'hosts add',
    'hosts test',
    'hosts facts',
    'runbook list',
    'runbook show',
  ])('the help of %s has an example', async command => {
    const run = await runScripted([...command.split(' '), '--help']);
    expect(run.stdout).toMatch(new RegExp(`Example:\n  deckhand ${command}`));
  });

  test('demo runs the command line in this process', async () => {
    expect(await runScripted(['demo'])).toMatchObject({ exitCode: 0, stdout: '9.9.9\n' });
  });
});

describe('plan and ask', () => {
  test('plan shows and ends with 3 when one host could not be read', async () => {
    const run = await runScripted(['plan', 'serve', 'hello', '--host', 'web-1']);
    expect(run.exitCode).toBe(3);
    expect(run.stdout).toContain('Plan 3f9a1c2e41d7');
  });

  test('plan ends with 10 when something would change', async () => {
    const plan = async () =>
      await Promise.resolve({ ...samplePreview, hosts: samplePreview.hosts.slice(0, 2) });
    expect((await runScripted(['plan', 'x', '--host', 'a'], { api: { plan } })).exitCode).toBe(10);
  });

  test('the request has intent, hosts, runbook and parameters', async () => {
    let seen: PlanRequest | undefined;
    const plan = async (request: PlanRequest) => {
      seen = request;
      return await Promise.resolve(samplePreview);
    };
    const hosts = ['--host', 'a', '--host', '@web'];
    const parameters = ['--set', 'port=80', '--set', 'text=a=b', '--runbook', 'r'];
    await runScripted(['plan', 'serve', 'hello', ...hosts, ...parameters], { api: { plan } });
    expect(seen).toEqual({
      hosts: 'a,@web',
      intent: 'serve hello',
      runbook: 'r',
      parameters: { port: '80', text: 'a=b' },
    });
  });

  test('no terminal and no --yes: approval is needed, 7, and nothing is on stdout', async () => {
    const run = await runScripted(['ask', 'x', '--host', 'a']);
    expect(run).toMatchObject({ exitCode: 7, stdout: '' });
    expect(run.stderr).toContain('error approval.needed');
    expect(run.stderr).toContain('--yes');
  });

  test('--yes shows the plan on stderr and the report on stdout', async () => {
    const run = await runScripted(['ask', 'x', '--host', 'a', '-y']);
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('Plan 3f9a1c2e41d7');
    expect(run.stdout).toContain('[run-proof]');
  });

  test.each([
    ['approve', 0],
    ['decline', 7],
  ])('a person may %s', async (answer, exitCode) => {
    const run = await runScripted(['ask', 'x', '--host', 'a'], { answers: [answer] });
    expect(run.exitCode).toBe(exitCode);
    expect(run.questions).toEqual(['Carry out plan 3f9a1c2e41d7 on 2 hosts?']);
  });

  test('Ctrl-C at the question ends with 130', async () => {
    expect((await runScripted(['ask', 'x', '--host', 'a'], { answers: [] })).exitCode).toBe(130);
  });

  test('a correction that may do harm is asked about; --no-corrections leaves them out', async () => {
    let seen: RunRequest | undefined;
    const answers: (string | undefined)[] = [];
    const run = async (request: RunRequest, call: CallOptions): Promise<RunReport> => {
      seen = request;
      const question = { hash: 'h', title: 'g', preview: samplePreview };
      await call.approve?.(question);
      const correction = 'correction: unmask it';
      answers.push(await call.approve?.({ ...question, stepId: 'nginx', host: 'web-1', correction }));
      return provedReport;
    };
    const inputs = ['ask', 'x', '--host', 'a'];
    const asked = await runScripted(inputs, { api: { run }, answers: ['approve', 'approve'] });
    expect(asked.questions.at(-1)).toBe('web-1: correction: unmask it');
    expect(seen?.corrections).toBeUndefined();
    await runScripted([...inputs, '--yes', '--no-corrections'], { api: { run } });
    expect(seen?.corrections).toBe(false);
    expect(answers).toEqual(['approve', null]);
  });

  test('--confirm asks about each step, and needs a terminal', async () => {
    const run = async (_: RunRequest, call: CallOptions): Promise<RunReport> => {
      const question = { hash: 'h', title: 'g', preview: samplePreview };
      await call.approve?.(question);
      for (const step of samplePreview.steps)
        await call.approve?.({ ...question, stepId: step.id, host: 'web-1' });
      return provedReport;
    };
    const inputs = ['ask', 'x', '--host', 'a', '--confirm'];
    const asked = await runScripted(inputs, { api: { run }, answers: ['approve', 'skip'] });
    expect(asked.questions).toEqual([
      'web-1: Install nginx (privileged)',
      'web-1: Put the page in place (change)',
    ]);
    const alone = await runScripted(inputs, { api: { run } });
    expect(alone.exitCode).toBe(2);
    expect(alone.stderr).toContain('error input.prompt-needed');
  });

  test('--jsonl prints events and the result as the last line', async () => {
    const run = async (_: RunRequest, call: CallOptions): Promise<RunReport> => {
      call.onEvent?.({
        kind: 'host-phase',
        host: 'a',
        phase: 'checking',
        seq: 1,
        time: 't',
        requestId: 'r',
      });
      return await Promise.resolve(provedReport);
    };
    const { stdout } = await runScripted(['ask', 'x', '--host', 'a', '--yes', '--jsonl'], { api: { run } });
    const lines = stdout
      .trim()
      .split('\n')
      .map(line => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { version: 1, kind: 'host-phase', host: 'a' },
      { version: 1, kind: 'result', result: { outcome: 'proved' } },
    ]);
  });

  test('--report writes Markdown or JSON for this account alone, without the sudo password', async () => {
    const secret = join(folder, 'sudo');
    writeFileSync(secret, 'hello-secret\nnot this line\n');
    const run = async () => await Promise.resolve({ ...provedReport, goal: 'with hello-secret inside' });
    for (const name of ['run.md', 'run.json']) {
      const report = join(folder, name);
      const flags = ['--yes', '--sudo-password-file', secret, '--report', report];
      const shown = await runScripted(['ask', 'x', '--host', 'a', ...flags], { api: { run } });
      expect(shown.exitCode).toBe(0);
      expect(readFileSync(report, 'utf8')).toContain('run-proof');
      expect(readFileSync(report, 'utf8') + shown.stdout + shown.stderr).not.toContain('hello-secret');
      expect(statSync(report).mode & 0o777).toBe(0o600);
    }
  });
});

test('a report that cannot be written is refused before anything runs', async () => {
  const run = async () => await Promise.reject(new Error('ran'));
  const inputs = ['ask', 'x', '--host', 'a', '--yes', '--report', join(folder, 'no', 'run.md')];
  const ended = await runScripted(inputs, { api: { run } });
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toContain('error local.file-missing');
});

describe('apply', () => {
  test('a runbook with parameters, flags win', async () => {
    const file = join(folder, 'site.yaml');
    writeFileSync(file, 'runbook: serve-page\nparameters:\n  port: 8080\n  names: [a, b]\n');
    let seen: RunRequest | undefined;
    const run = async (request: RunRequest) => {
      seen = request;
      return await Promise.resolve(provedReport);
    };
    const inputs = ['apply', file, '--host', 'a', '--yes', '--set', 'port=90'];
    expect((await runScripted(inputs, { api: { run } })).exitCode).toBe(0);
    expect(seen).toEqual({
      hosts: 'a',
      runbook: 'serve-page',
      parameters: { port: '90', names: 'a,b' },
      confirm: 'plan',
      approved: true,
    });
  });

  test('a whole plan, and a fault in one with file, line and field', async () => {
    const file = join(folder, 'plan.yaml');
    const good =
      'goal: g\nsteps:\n  - id: a\n    title: t\n    states:\n      - { kind: package, name: nginx }\n';
    writeFileSync(file, good);
    expect((await runScripted(['apply', file, '--host', 'a', '--yes'])).exitCode).toBe(0);
    writeFileSync(file, good.replace('id: a', 'id: A!'));
    const bad = await runScripted(['apply', file, '--host', 'a', '--yes']);
    expect(bad.exitCode).toBe(2);
    expect(bad.stderr).toContain('plan.yaml:3: steps.0.id');
  });

  test('a missing file', async () => {
    const run = await runScripted(['apply', join(folder, 'no.yaml'), '--host', 'a']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('error local.file-missing');
  });
});

describe('the other commands', () => {
  test.each([
    [['hosts', 'list'], 'web-1  192.0.2.1  @web    deckhand.yaml'],
    [['hosts', 'add', 'a', 'b', '--group', 'web', '--port', '22'], 'added a to /x/deckhand.yaml'],
    [['hosts', 'test', 'a'], '✓  reachable  3 ms  192.0.2.1:22'],
    [['hosts', 'facts', 'a'], 'system  Debian 13'],
    [['runbook', 'list'], 'serve-page  Serve a page'],
    [['runbook', 'show', 'serve-page'], 'port  port  default 80  Where it listens'],
    [['doctor'], 'works, with warnings: 1 checked, 1 to look at'],
  ])('%j', async (inputs, text) => {
    const run = await runScripted(inputs);
    expect(run.exitCode).toBe(0);
    expect(run.stdout).toContain(text);
    const json = await runScripted([...inputs, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ version: 1 });
  });

  test('an error of the engine is printed, and is data under --json', async () => {
    const listHosts = async () =>
      await Promise.reject(new DeckhandError('fleet.unknown-host', 'There is no host x.'));
    const run = await runScripted(['hosts', 'list', 'x', '--json'], { api: { listHosts } });
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(/^error fleet\.unknown-host: There is no host x\.\nhint: /);
    expect(JSON.parse(run.stdout)).toMatchObject({ version: 1, error: { code: 'fleet.unknown-host' } });
  });

  test('work that was stopped ends with 130', async () => {
    const controller = new AbortController();
    const doctor = async () => {
      controller.abort();
      controller.signal.throwIfAborted();
      return await Promise.resolve([]);
    };
    const run = await runScripted(['doctor'], { api: { doctor }, signal: controller.signal });
    expect(run.exitCode).toBe(130);
  });
});
