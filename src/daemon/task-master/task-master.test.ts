import { access, chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ScriptedPlanner } from '../../../test/models/scripted-planner.ts';
import { breakdownOf } from './breakdown.ts';
import { TaskMaster } from './task-master.ts';

/** As Task Master 0.43.1 wrote it. */
const RECORDED = {
  request: {
    tasks: [
      {
        id: 1,
        title: 'Install nginx',
        description: 'From the distribution',
        details: 'apt-get install nginx',
        testStrategy: 'curl localhost',
        priority: 'high',
        dependencies: [],
        status: 'pending',
        subtasks: [],
      },
      { id: '2', title: 'Open the port', description: '', status: 'pending', dependencies: ['1'] },
    ],
    metadata: { created: '2026-11-01T00:00:00Z', updated: '2026-11-01T00:00:00Z', description: 'x' },
  },
};
const IMPROVED = {
  goal: 'serve hello\n1. Install nginx: From the distribution\n2. Open the port',
  constraints: [],
  questions: [],
  assumptions: [],
  checks: ['curl localhost'],
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fake-task-master-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program in its place that says its version and does `script` for anything else. */
async function fake(script: string, version = '0.43.1', limit = 60_000): Promise<TaskMaster> {
  const program = join(folder, 'bin/task-master');
  await mkdir(dirname(program), { recursive: true });
  await writeFile(join(folder, 'recorded.json'), JSON.stringify(RECORDED));
  await writeFile(
    program,
    `#!/bin/sh\n[ "$1" = --version ] && { echo '${version}'; exit 0; }\nhere=${folder}\nenv >"$here/environment"; cp .taskmaster/config.json .taskmaster/docs/prd.txt "$here/"; echo "$*" >"$here/words"; pwd >"$here/place"\nmkdir -p .taskmaster/tasks\n${script}\n`,
  );
  await chmod(program, 0o755);
  return new TaskMaster({
    path: `${dirname(program)}:${dirname(process.execPath)}:/usr/bin:/bin`,
    limit,
  });
}
const writes = 'cp "$here/recorded.json" .taskmaster/tasks/tasks.json';
/** Asks the model at the address it was given, as the real one does. */
const asks = String.raw`node -e '
const { models: { main } } = JSON.parse(require("fs").readFileSync(".taskmaster/config.json", "utf8"));
fetch(main.baseURL + "/chat/completions", { method: "POST", body: JSON.stringify({ model: main.modelId }),
  headers: { authorization: "Bearer " + process.env.OPENAI_COMPATIBLE_API_KEY } }).then(answer => process.exit(answer.ok ? 0 : 3));'`;

async function brokenDown(master: TaskMaster, model?: ScriptedPlanner) {
  await using server = model ?? (await ScriptedPlanner.start('openai-compatible', [{ say: '{}' }]));
  return await master.breakDown('serve hello', server.planningServer(), AbortSignal.timeout(60_000));
}

describe('a request broken down by the Task Master of the person (A02)', () => {
  it('is led to the model of the settings, and the key stays here', async () => {
    const server = await ScriptedPlanner.start('openai-compatible', [{ say: '{}' }]);
    const master = await fake(`${asks} && ${writes}`);
    expect(await brokenDown(master, server)).toEqual({ improved: IMPROVED, requests: 1 });
    expect(server.seen[0]).toMatchObject({
      headers: { authorization: `Bearer ${server.key}` },
      body: { model: 'claude-sonnet-5-5' },
    });
    const environment = await readFile(join(folder, 'environment'), 'utf8');
    const names = [...environment.matchAll(/^(\w+)=/gm)].map(([, name]) => name ?? '');
    const ours = names.filter(name => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name));
    expect(new Set(ours)).toEqual(new Set(['CI', 'HOME', 'NO_COLOR', 'OPENAI_COMPATIBLE_API_KEY', 'PATH']));
    const seen = await Promise.all(
      ['environment', 'config.json', 'prd.txt', 'words'].map(
        async name => await readFile(join(folder, name), 'utf8'),
      ),
    );
    expect(seen.join('')).not.toContain(server.key);
    expect(seen.slice(2)).toEqual([
      'serve hello\n',
      'parse-prd .taskmaster/docs/prd.txt -n 5 -f --tag request\n',
    ]);
    const left = (await readFile(join(folder, 'place'), 'utf8')).trim();
    expect(left).toContain('deckhand-task-master-');
    await expect(access(left)).rejects.toThrow();
  });

  it.each([
    ['it fails', 'echo "it begins" >&2; echo "no key" >&2; exit 1', /ended with 1: no key$/],
    ['it did nothing and says 0', 'exit 0', /wrote is no breakdown/],
    [
      'the tag is another',
      `sed s/request/master/ "$here/recorded.json" >.taskmaster/tasks/tasks.json`,
      /no breakdown/,
    ],
    ['what it wrote is broken', 'echo "{" >.taskmaster/tasks/tasks.json', /no breakdown/],
  ])('is not believed when %s', async (_what, script, reason) => {
    const answer = await brokenDown(await fake(script));
    expect(answer).toEqual({ improved: null, reason: expect.stringMatching(reason) as string });
  });

  it('is ended with all its processes when it takes too long', async () => {
    const master = await fake('sleep 600 & echo $! >"$here/child"; sleep 600', '0.43.1', 2000);
    expect(await brokenDown(master)).toEqual({ improved: null, reason: 'Task Master did not end in time' });
    const child = Number(await readFile(join(folder, 'child'), 'utf8'));
    // killed, and perhaps not yet buried
    const state = async () => await readFile(`/proc/${child}/stat`, 'utf8').catch(() => 'gone Z');
    while (!/ Z\b/.test(await state())) await new Promise(resolve => setImmediate(resolve));
  });

  it('is left out where it is too old, not there, or the model speaks another form', async () => {
    const old = await brokenDown(await fake(writes, '0.39.2'));
    expect(old).toMatchObject({ reason: 'Task Master 0.39 is older than 0.40' });
    // as one of its libraries does, before it says its version
    const warned = await brokenDown(await fake(writes, '\nNode.js 0.12.3 and below are deprecated\n0.43.1'));
    expect(warned).toMatchObject({ improved: IMPROVED });
    const nowhere = await brokenDown(new TaskMaster({ path: join(folder, 'nothing') }));
    expect(nowhere).toMatchObject({ reason: "no program 'task-master' answers on PATH" });
    const other = await brokenDown(await fake(writes), await ScriptedPlanner.start('google'));
    expect(other).toMatchObject({ improved: null });
  });

  it('is bounded and one line a part, whatever is in the file', () => {
    const tasks = Array.from({ length: 60 }, (_, id) => ({
      id,
      title: `t${id}\u001b[31m\n$(rm -rf /)`,
      testStrategy: 'x'.repeat(900),
    }));
    const improved = breakdownOf(JSON.stringify({ request: { tasks } }), 'request', 'r');
    expect([improved?.goal.length, improved?.checks.length, improved?.checks[0]?.length]).toEqual([
      1000, 30, 500,
    ]);
    expect(improved?.goal).not.toContain('\u001b');
    expect(breakdownOf('{"__proto__":{}}', '__proto__', 'r')).toBeNull();
  });
});
