import { chmod, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleStep } from '../../src/agent/sample-answer.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import {
  type AgentLab,
  agentLab,
  commandPlan,
  commandState,
  fileState,
  filePlan,
  repair,
  resultOf,
} from './agent-lab.ts';

/** A model plans for two hosts that are not alike; a look that changes nothing; a request broken down elsewhere. */
let lab: AgentLab;
let one: LabHost;
let two: LabHost;
beforeAll(async () => {
  lab = await agentLab([214, 225]);
  [one, two] = lab.hosts as [LabHost, LabHost];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

describe('one plan for two hosts', () => {
  it('does on each what is missing there, and nothing elsewhere', async () => {
    await onHost(one, 'echo yes >/srv/both');
    const steps = [
      sampleStep('both', [fileState('/srv/both', 'yes\n')]),
      sampleStep('second', [fileState('/srv/second', 'yes\n')], { hosts: [two.name], dependsOn: ['both'] }),
    ];
    const task = await lab.rests(await lab.begin([{ ...filePlan('/srv/both', 'yes'), steps }]));
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    const { hosts } = resultOf(task).report ?? {};
    expect(hosts?.map(({ host, outcome, changed }) => [host, outcome, changed])).toEqual([
      [one.name, 'proved', 0],
      [two.name, 'proved', 2],
    ]);
    expect(lab.planner.seen).toHaveLength(1);
    const asked = JSON.stringify(lab.planner.seen[0]?.body);
    expect(asked).toContain(one.name);
    expect(asked).toContain(two.name);
    await onHost(one, 'test ! -e /srv/second');
  });

  it('is mended where it failed, and left alone where it held', async () => {
    await onHost(one, 'touch /srv/ready');
    const work = 'echo ran >>/srv/mend.count; ls /srv/ready && touch /srv/mend';
    const steps = [sampleStep('other', [commandState('touch /srv/mend', '/srv/mend')])];
    const says = [commandPlan(work, '/srv/mend'), repair('replace', { steps })];
    const task = await lab.rests(await lab.begin(says, { policy: 'auto', approve: 'none' }));
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(resultOf(task).report).toMatchObject({
      outcome: 'proved',
      decisions: [{ host: two.name, action: 'replace' }],
    });
    expect(await onHost(one, 'cat /srv/mend.count')).toBe('ran\n');
    expect(await onHost(two, 'cat /srv/mend.count')).toBe('ran\n');
  });
});

describe('a run that a model planned', () => {
  it('becomes a runbook: the second host asks no model (B06)', async () => {
    const wish = { intent: 'keep a greeting "hello there" in /srv/greeting' };
    const plan = filePlan('/srv/greeting', 'hello there');
    const first = await lab.rests(await lab.begin([plan], wish, { hosts: [one] }));
    expect(first, JSON.stringify(first.error)).toMatchObject({ state: 'succeeded' });
    const { name, source, parameters } = await lab.daemon.api.recordRunbook(first.id, 'greeting');
    expect(parameters.map(({ value }) => value)).toEqual(
      expect.arrayContaining(['hello there', '/srv/greeting']),
    );
    await writeFile(join(lab.programs, `${name}.yaml`), source);
    const again = { intent: 'keep a greeting "good bye" in /srv/farewell', model: undefined };
    const place = { hosts: [two], overrides: { runbooks: lab.programs } };
    const second = await lab.rests(await lab.begin([], again, place));
    expect(second, JSON.stringify(second.error)).toMatchObject({ state: 'succeeded' });
    expect(resultOf(second).report).toMatchObject({ outcome: 'proved', plan: { runbook: { name } } });
    expect(await onHost(two, 'cat /srv/farewell')).toBe('good bye\n');
    expect(lab.planner.seen).toEqual([]);
    expect(await lab.daemon.api.transcript(second.id, 0, 100)).toEqual([]);
  });
});

describe('ask --dry-run', () => {
  const look = async (...words: readonly string[]) =>
    await lab.deckhand('ask', 'write a marker', '--dry-run', ...lab.reach, ...words);

  it('shows the plan, what each host lacks and who would be asked; no host is changed (A20)', async () => {
    await onHost(one, 'echo dry >/srv/dry');
    lab.planner.moves = [{ say: JSON.stringify(filePlan('/srv/dry', 'dry')) }];
    const plain = ['--model', 'box/brain', '--no-improve', '--host', `${one.name},${two.name}`];
    const { code, stdout } = await look(...plain);
    expect([code, stdout]).toEqual([10, expect.stringContaining('a person would be asked')]);
    expect(stdout).toMatch(new RegExp(`${one.name}.*: nothing to change`));
    expect(stdout).toMatch(new RegExp(`${two.name}.*: 1 change pending`));
    const { stdout: json } = await look(...plain, '--json', '--mode', 'auto');
    expect(JSON.parse(json)).toMatchObject({ hosts: [{ pending: [] }, { pending: [{ stepId: 'write' }] }] });
    const [unasked, refused] = [
      await look(...plain, '--mode', 'auto'),
      await look(...plain, '--mode', 'read-only'),
    ];
    expect(unasked.stdout).toContain('would run unasked');
    expect(refused.stdout).toContain('would be refused');
    await onHost(two, 'test ! -e /srv/dry');
  });
});

/** In its place: says its version, asks the model at the address it was given, writes what the real one wrote. */
const BREAKS_DOWN = String.raw`#!/bin/sh
[ "$1" = --version ] && { echo 0.43.1; exit 0; }
node -e '
const { models: { main } } = JSON.parse(require("fs").readFileSync(".taskmaster/config.json", "utf8"));
fetch(main.baseURL + "/chat/completions", { method: "POST", body: JSON.stringify({ model: main.modelId }),
  headers: { authorization: "Bearer " + process.env.OPENAI_COMPATIBLE_API_KEY } }).then(answer => process.exit(answer.ok ? 0 : 3));' || exit 3
mkdir -p .taskmaster/tasks
echo '{"request":{"tasks":[{"id":1,"title":"Write the marker","description":"as a file","testStrategy":"cat it","dependencies":[]}]}}' >.taskmaster/tasks/tasks.json
`;

describe('a request that Task Master is to break down (A02)', () => {
  const IMPROVED = { goal: 'ours', constraints: [], questions: [], assumptions: [], checks: [] };
  const program = async (text: string): Promise<void> => {
    const file = join(lab.programs, 'task-master');
    await writeFile(file, text);
    await chmod(file, 0o755);
  };
  const wanted = async (says: readonly object[], more: Readonly<Record<string, string>> = {}) => {
    const overrides = { 'agent.improver': 'task-master', ...more };
    const id = await lab.begin(says, { improve: true }, { hosts: [one], overrides });
    const task = await lab.rests(id);
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    const events = await lab.daemon.api.events(id, 0, 1000);
    const notes = events.flatMap(event => (event.kind === 'note' ? [event.text] : []));
    const prompt = JSON.stringify(lab.planner.seen.at(-1)?.body);
    return { notes: notes.filter(text => text.includes('Task Master')), prompt };
  };

  it('is made clear by the built-in stage where there is none, and the run says so once', async () => {
    const { notes, prompt } = await wanted([IMPROVED, filePlan('/srv/clear', 'a')]);
    expect(notes).toEqual([expect.stringContaining("no program 'task-master' answers")]);
    expect(prompt).toContain('Goal: ours');
  });

  it('goes through it to the same model, and what it wrote is what is planned', async () => {
    await program(BREAKS_DOWN);
    await lab.daemon.kill();
    await lab.daemon.start();
    const { notes, prompt } = await wanted([{ say: '{}' }, filePlan('/srv/clear', 'b')]);
    expect(notes).toEqual([expect.stringContaining('broken down by Task Master (1 requests to box/brain)')]);
    expect(prompt).toContain('Write the marker: as a file');
    expect(lab.planner.seen).toHaveLength(2);
  });

  it.each([
    ['broken', 'exit 1', 'ended with 1', {}],
    ['slow', 'sleep 600', 'did not end in time', { 'agent.timeout': '20s' }],
  ] as const)('is made clear by the built-in stage when it is %s', async (_, script, reason, settings) => {
    await program(`#!/bin/sh\n[ "$1" = --version ] && { echo 0.43.1; exit 0; }\n${script}\n`);
    const { notes, prompt } = await wanted([IMPROVED, filePlan('/srv/clear', reason.slice(0, 3))], settings);
    expect(notes).toEqual([expect.stringContaining(reason)]);
    expect(prompt).toContain('Goal: ours');
    await rm(join(lab.programs, 'task-master'));
  });
});
