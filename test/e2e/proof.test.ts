import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Replay } from '../../src/core/run-remake.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';
import { type CommandResult, deckhand as runDeckhand, stopDaemon } from './deckhand-command.ts';

/** What a person holds in hand after a run: report, verify, runbook, replay, stop, notifications; on two booted hosts. */
const INTENT = 'keep a greeting "hello there" in /etc/greeting';
const SECRET = 'a-key-of-more-than-sixteen-bytes';
let folder: string;
let configFile: string;
let one: LabHost;
let two: LabHost;
let run = '';
let server: Server;
const told: { readonly signed: boolean; readonly body: string }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'proof-'));
  [one, two] = await Promise.all([bootHost(223), bootHost(224)]);
  configFile = await labSshConfig([one, two], folder);
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (piece: Buffer) => (body += piece.toString()));
    request.on('end', () => {
      const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = request.headers;
      const wanted = createHmac('sha256', SECRET)
        .update(`${String(id)}.${String(time)}.${body}`)
        .digest('base64');
      told.push({ signed: signature === `v1,${wanted}`, body });
      response.end();
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const settings = join(folder, 'config', 'deckhand');
  await mkdir(settings, { recursive: true });
  await writeFile(join(settings, 'key'), SECRET);
  await writeFile(
    join(settings, 'deckhand.yaml'),
    `runbooks: [../../runbooks]
notify:
  - {on: [run-ended], webhook: {url: "http://127.0.0.1:${port}/", secretFile: key}}
`,
  );
  await writeFile(join(folder, 'plan.yaml'), PLAN);
  await mkdir(join(folder, 'runbooks'));
});
afterAll(async () => {
  await stopDaemon(folder);
  server?.close();
  await Promise.all([one?.down(), two?.down()]);
  await rm(folder, { recursive: true, force: true });
});

const PLAN = `intent: '${INTENT}'
goal: 'The greeting "hello there" is in /etc/greeting'
steps:
  - id: greeting
    title: The greeting is there
    states:
      - {kind: file, path: /etc/greeting, content: "hello there <script>alert(1)</script>\\n"}
postconditions:
  - title: /etc/greeting says hello there
    script: grep -qF 'hello there' /etc/greeting
`;

async function deckhand(...words: readonly string[]): Promise<CommandResult> {
  return await runDeckhand(words, { folder });
}
const reached = (): readonly string[] => ['--ssh-config', configFile];

async function json<Answer>(...words: readonly string[]): Promise<Answer> {
  const { stdout, stderr } = await deckhand(...words, '--json');
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}

describe('after a run', () => {
  it('the report says what was done and what proves it, in every form', async () => {
    const file = join(folder, 'run.html');
    const done = await deckhand(
      'apply',
      'plan.yaml',
      '--host',
      one.name,
      '--yes',
      '--report',
      file,
      ...reached(),
    );
    expect(done.stderr + done.stdout).toContain('Proved');
    expect(done.code).toBe(0);
    const { runs } = await json<{ runs: { id: string; outcome: string; changes: number }[] }>('history');
    expect(runs).toMatchObject([{ outcome: 'proved', changes: 1, hosts: [one.name] }]);
    run = runs[0]!.id;
    const html = await readFile(file, 'utf8');
    expect(html).not.toContain('<script');
    expect(html).toContain("default-src 'none'");
    const { hosts } = JSON.parse((await deckhand('report', run, '--format', 'json')).stdout) as {
      hosts: { differences: { subject: string; before: string; after: string }[]; roundTrips: number }[];
    };
    expect(hosts[0]!.differences).toEqual([
      {
        subject: 'path /etc/greeting',
        before: 'absent',
        after: expect.stringMatching(/^file 644 root:root \d+ bytes sha256 [0-9a-f]{64}$/) as string,
      },
    ]);
    const markdown = (await deckhand('report', run, '--format', 'markdown')).stdout;
    expect(markdown).toMatch(/- Holds: \/etc\/greeting says hello there \[\[run-[a-z0-9]+\]\(#run-/);
    const timeline = (await deckhand('report', run, '--timeline', '--kind', 'proof')).stdout.trim();
    expect(JSON.parse(timeline)).toMatchObject({
      kind: 'proof',
      host: one.name,
      text: 'holds: /etc/greeting says hello there',
    });
  });

  it('its end was told, signed', async () => {
    await expect.poll(() => told.length, { timeout: 240_000 }).toBeGreaterThan(0);
    expect(told[0]!.signed).toBe(true);
    expect(JSON.parse(told[0]!.body)).toMatchObject({ event: 'run-ended', task: run, state: 'succeeded' });
  });

  it('verify finds that it holds, then what drifted; nothing is changed by it', async () => {
    expect((await deckhand('verify', run, ...reached())).code).toBe(0);
    await one.run('echo other >/etc/greeting');
    const drifted = await deckhand('verify', run, ...reached());
    expect(drifted.code).toBe(10);
    expect(drifted.stdout).toContain('does not hold any more: /etc/greeting says hello there');
    expect((await one.run('cat /etc/greeting')).stdout).toBe('other\n');
    await one.run('echo "hello there" >/etc/greeting');
  });

  it('it is replayed without its host, and one changed answer is found', async () => {
    const file = join(folder, 'run.json');
    expect((await deckhand('report', run, '-o', file)).code).toBe(0);
    const same = await deckhand('runbook', 'replay', file);
    expect(same.stdout).toContain('Everything came out as it was recorded.');
    expect(same.code).toBe(0);
    const text = await readFile(file, 'utf8');
    const changed = join(folder, 'changed.json');
    const report = JSON.parse(text) as {
      hosts: { commandRuns: { purpose: string; exitCode: number; verdict: string }[] }[];
    };
    const apply = report.hosts[0]!.commandRuns.find(({ purpose }) => purpose.startsWith('apply'))!;
    Object.assign(apply, { exitCode: 1, verdict: 'failed' });
    await writeFile(changed, JSON.stringify(report));
    const { parts } = await json<Replay>('runbook', 'replay', changed);
    expect(parts.find(part => !part.same)).toMatchObject({ part: 'step greeting' });
  });

  it('it becomes a runbook that matches its request with other values, and passes on another host', async () => {
    const recorded = await deckhand(
      'runbook',
      'record',
      run,
      '-o',
      join(folder, 'runbooks', 'greeting.yaml'),
    );
    expect(recorded.stderr).toContain('text = hello there');
    const ask = [
      'ask',
      'keep a greeting "good bye" in /etc/farewell',
      '--host',
      two.name,
      '--yes',
      ...reached(),
    ];
    const asked = await deckhand(...ask);
    expect(asked.stderr + asked.stdout).toContain('Proved');
    expect((await two.run('cat /etc/farewell')).stdout).toContain('good bye');
    const { runs } = await json<{ runs: { id: string }[] }>('history', '--host', two.name);
    expect((await deckhand('report', runs[0]!.id, '--timeline', '--kind', 'model-asked')).stdout).toBe('');
  });
});

describe('the emergency stop', () => {
  it('ends a run and its processes on the host, refuses new ones, and is cleared', async () => {
    const slow = join(folder, 'slow.yaml');
    await writeFile(
      slow,
      `goal: a long sleep
steps:
  - id: sleep
    title: sleep
    states: [{kind: command, title: sleep, script: sleep 4242, unless: 'false'}]
postconditions: [{title: nothing, script: 'true'}]
`,
    );
    const begun = await json<{ tasks: { id: string }[] }>(
      'apply',
      slow,
      '--host',
      one.name,
      '--yes',
      '--detach',
      ...reached(),
    );
    await expect
      .poll(async () => (await one.run('pgrep -fc "^sleep 4242"')).stdout.trim(), { timeout: 240_000 })
      .not.toBe('0');
    const stopped = await deckhand('stop', '--all');
    expect(stopped.stdout).toContain('cancelled');
    expect(stopped.code).toBe(0);
    expect((await one.run('pgrep -fc "^sleep 4242"')).stdout.trim()).toBe('0');
    expect(JSON.stringify(begun)).toContain('task-');
    const refused = await deckhand('apply', 'plan.yaml', '--host', one.name, '--yes', ...reached());
    expect(refused.stderr).toContain('policy.stopped');
    expect(refused.code).toBe(6);
    expect((await deckhand('stop', '--clear')).stdout).toContain('Runs may begin again');
    expect((await deckhand('apply', 'plan.yaml', '--host', one.name, '--yes', ...reached())).code).toBe(0);
    const audit = await deckhand('audit', 'list');
    expect(audit.stdout).toContain('stop.all');
    expect((await deckhand('audit', 'verify')).code).toBe(0);
  });
});

describe('an approval', () => {
  it('is shown with hosts, differences and hash, and refused', async () => {
    await one.run('rm /etc/greeting');
    await deckhand('apply', 'plan.yaml', '--host', one.name, '--detach', ...reached());
    const open = async () =>
      (await json<{ approvals: { id: string; hash: string }[] }>('approvals', 'list')).approvals;
    await expect.poll(async () => (await open()).length, { timeout: 240_000 }).toBe(1);
    const [approval] = await open();
    const { stdout } = await deckhand('approvals', 'show', approval!.id);
    expect(stdout).toContain(approval!.hash);
    expect(stdout).toContain('file /etc/greeting');
    expect((await deckhand('approvals', 'refuse', approval!.id)).code).toBe(0);
    expect((await one.run('test -e /etc/greeting')).code).toBe(1);
  });
});
