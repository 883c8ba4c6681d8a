import { chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TaskMaster } from '../../src/daemon/task-master/task-master.ts';
import { type AgentLab, agentLab, filePlan, resultOf } from '../e2e/agent-lab.ts';
import { type Move, ScriptedPlanner } from '../models/scripted-planner.ts';
import { installedTaskMaster } from './installed.ts';

/** The real package; the model it asks is scripted. */

/** As a model answers what Task Master asks; it refuses tasks that lack one of these. */
const TASKS = {
  tasks: [
    {
      id: 1,
      title: 'Write the marker',
      description: 'as a file',
      details: 'echo yes >/srv/marker',
      testStrategy: 'cat /srv/marker',
      priority: 'high',
      dependencies: [],
      status: 'pending',
    },
    {
      id: 2,
      title: 'Look',
      description: 'at it',
      details: 'cat /srv/marker',
      testStrategy: 'read it',
      priority: 'medium',
      dependencies: [1],
      status: 'pending',
    },
  ],
  metadata: { projectName: 'x', totalTasks: 2, sourceFile: 'prd.txt', generatedAt: '2026-11-01' },
};
/** It asks without a stream. */
const answer = (content: string): Move => ({
  status: 200,
  body: {
    id: 'chat-1',
    object: 'chat.completion',
    created: 1,
    model: 'brain',
    choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  },
});
const GOOD = answer(JSON.stringify(TASKS));
/** Its own start takes two to thirty seconds, as busy as the machine is. */
const LIMIT = 300_000;

let program: string;
let folder: string;
beforeAll(async () => {
  program = await installedTaskMaster();
  folder = await mkdtemp(join(tmpdir(), 'real-task-master-'));
}, 25 * 60_000);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

/** Its processes that are still there. */
async function leftOver(): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter(name => /^\d+$/.test(name));
  const words = await Promise.all(
    ids.map(async id => await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  );
  return words.filter(text => text.includes('task-master\0parse-prd'));
}

async function brokenDown(moves: readonly Move[], path = dirname(program), limit = LIMIT) {
  await using server = await ScriptedPlanner.start('openai-compatible', moves);
  const master = new TaskMaster({ path: `${path}:${dirname(process.execPath)}:/usr/bin:/bin`, limit });
  const words = 'make the marker /srv/marker';
  const said = await master.breakDown(words, server.planningServer(), AbortSignal.timeout(2 * LIMIT));
  return { said, seen: server.seen, key: server.key };
}

describe('the real Task Master (A02)', () => {
  it('breaks a request down, and speaks to nobody but us', async () => {
    const calls = join(folder, 'calls');
    const traced = join(folder, 'task-master');
    const trace = `strace -f -qq -o ${calls} -e trace=connect,sendto`;
    await writeFile(traced, `#!/bin/sh\nexec ${trace} ${program} "$@"\n`);
    await chmod(traced, 0o755);
    const { said, seen, key } = await brokenDown([GOOD], folder);
    expect(said).toEqual({
      improved: {
        goal: 'make the marker /srv/marker\n1. Write the marker: as a file\n2. Look: at it',
        constraints: [],
        questions: [],
        assumptions: [],
        checks: ['cat /srv/marker', 'read it'],
      },
      requests: 1,
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'claude-sonnet-5-5', response_format: { type: 'json_object' } },
    });
    const connects = (await readFile(calls, 'utf8')).split('\n').filter(line => line.includes('sin'));
    expect(connects.length).toBeGreaterThan(0);
    expect(connects.filter(line => !line.includes('127.0.0.1'))).toEqual([]);
  });

  it('tries again where the server is busy', async () => {
    const { said } = await brokenDown([{ status: 429 }, { status: 503 }, GOOD]);
    expect(said).toMatchObject({ improved: { checks: ['cat /srv/marker', 'read it'] }, requests: 3 });
  });

  it.each([
    ['no breakdown', answer('I would rather not.'), /^Task Master ended with 1: .*unexpected data structure/],
    [
      'a fault',
      { status: 400, body: { error: { message: 'no such model' } } },
      /ended with 1: .*no such model/,
    ],
  ] as const)('is not believed when the model says %s', async (_, move, reason) => {
    const { said } = await brokenDown([move]);
    expect(said).toEqual({ improved: null, reason: expect.stringMatching(reason) as string });
  });

  it('is gone with all its processes when the model says nothing', async () => {
    await using server = await ScriptedPlanner.start('openai-compatible', [{ silent: true }]);
    const master = new TaskMaster({ path: `${dirname(program)}:${process.env['PATH'] ?? ''}`, limit: LIMIT });
    const stop = new AbortController();
    const said = master.breakDown('anything', server.planningServer(), stop.signal);
    while (server.seen.length === 0) await new Promise(resolve => setTimeout(resolve, 50));
    expect(await leftOver()).not.toEqual([]);
    stop.abort(new Error('stopped'));
    await expect(said).rejects.toThrow('stopped');
    // killed, and perhaps not yet buried
    while ((await leftOver()).length > 0) await new Promise(resolve => setTimeout(resolve, 50));
  });
});

describe('a run whose request it breaks down', () => {
  let lab: AgentLab;
  beforeAll(async () => {
    lab = await agentLab([215]);
    await symlink(program, join(lab.programs, 'task-master'));
  });
  afterAll(async () => await lab?.[Symbol.asyncDispose]());

  const wanted = async (says: readonly object[], settings: Readonly<Record<string, string>> = {}) => {
    const overrides = { 'agent.improver': 'task-master', ...settings };
    const task = await lab.rests(await lab.begin(says, { improve: true }, { overrides }));
    expect(task, JSON.stringify(task.error)).toMatchObject({ state: 'succeeded' });
    expect(resultOf(task).report).toMatchObject({ outcome: 'proved' });
    const events = await lab.daemon.api.events(task.id, 0, 1000);
    const notes = events.flatMap(event => (event.kind === 'note' ? [event.text] : []));
    const prompt = JSON.stringify(lab.planner.seen.at(-1)?.body);
    return { notes: notes.filter(text => text.includes('Task Master')), prompt };
  };

  it('is planned from what it wrote', async () => {
    const { notes, prompt } = await wanted([GOOD, filePlan('/srv/marker', 'a')]);
    expect(notes).toEqual(['the request was broken down by Task Master (1 requests to box/brain)']);
    expect(prompt).toContain('1. Write the marker: as a file');
  });

  it('is made clear by the built-in stage when it fails, and the run says so once', async () => {
    const improved = { goal: 'ours', constraints: [], questions: [], assumptions: [], checks: [] };
    const refused: Move = { status: 400, body: { error: { message: 'too many words' } } };
    // each of its three roles asks once
    const says = [refused, refused, refused, improved, filePlan('/srv/marker', 'b')];
    const { notes, prompt } = await wanted(says);
    expect(notes).toEqual([expect.stringMatching(/^not broken down by Task Master: .*too many words/)]);
    expect(prompt).toContain('Goal: ours');
  });
});
