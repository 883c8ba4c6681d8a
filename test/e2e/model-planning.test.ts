import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanningCheck } from '../../src/core/planning-check.ts';
import { type LabFleet, labFleet, onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { ScriptedPlanner } from '../models/scripted-planner.ts';
import { deckhand as runDeckhand, stopDaemon } from './deckhand-command.ts';
import { realBundle, tinyModel } from './model-lab.ts';

/** Plans asked of a real llama-server through a real tunnel, and of servers that misbehave: by the real command line. */
let folder: string;
let fleet: LabFleet;
let host: LabHost;
let reach: readonly string[];
let remote: ScriptedPlanner;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'planning-'));
  const [lab, bundle, server] = await Promise.all([
    labFleet([236], folder),
    realBundle(),
    ScriptedPlanner.start('anthropic'),
  ]);
  fleet = lab;
  remote = server;
  host = fleet.hosts[0] as LabHost;
  const cache = join(folder, 'cache/deckhand/bundles');
  await mkdir(cache, { recursive: true });
  await copyFile(bundle.path, join(cache, 'llama.cpp-forky-slim.tar.gz'));
  reach = ['--ssh-config', fleet.surroundings.sshConfigFile ?? ''];
  await writeFile(join(folder, 'remote.key'), `${remote.key}\n`);
  const settings = (
    timeout: string,
  ) => `agent: { model: ${host.name}/tiny, models: { repair: remote/claude-sonnet-5-5 }, timeout: ${timeout} }
modelServers:
  remote: { provider: anthropic, url: '${remote.url}', keyFile: remote.key, price: { input: 3, output: 15 } }
`;
  await writeFile(join(folder, 'deckhand.yaml'), settings('60s'));
  await writeFile(join(folder, 'hasty.yaml'), settings('2s'));
});
afterAll(async () => {
  await stopDaemon(folder);
  await remote?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function probed(...words: readonly string[]): Promise<{ code: number | null; check: PlanningCheck }> {
  const { code, stdout, stderr } = await runDeckhand(
    ['model', 'planning', '--probe', ...reach, '--json', ...words],
    { folder },
  );
  try {
    return { code, check: JSON.parse(stdout) as PlanningCheck };
  } catch {
    throw new Error(`no check: ${code} ${stdout} ${stderr}`);
  }
}

async function kept(): Promise<string> {
  const state = join(folder, 'state/deckhand');
  const names = await readdir(state, { recursive: true });
  const texts = await Promise.all(
    names.map(async name => await readFile(join(state, name)).catch(() => Buffer.alloc(0))),
  );
  return Buffer.concat(texts).toString('latin1');
}

it('a deployed model answers in the shape that was asked for, through its tunnel (A25)', async () => {
  const model = await tinyModel(folder, 'tiny.gguf');
  const deploy = ['model', 'deploy', ...reach, host.name, model, '--threads', '1'];
  const deployed = await runDeckhand(deploy, { folder });
  expect([deployed.code, deployed.stderr]).toEqual([0, expect.any(String)]);
  remote.moves = [{ say: '{"ready": true, "word": "sail"}' }];
  const { code, check } = await probed();
  console.log(JSON.stringify(check.models));
  expect(code).toBe(0);
  expect(check.roles).toContainEqual({ role: 'repair', model: 'remote/claude-sonnet-5-5' });
  const [own, other] = check.models;
  expect(own).toMatchObject({ name: `${host.name}/tiny`, error: null, answered: { repaired: false } });
  expect(own?.answered?.usage.promptTokens).toBeGreaterThan(10);
  expect(other?.answered?.usage).toEqual({ promptTokens: 70, completionTokens: 30, cost: 0.00066 });
});

it('keeps the transcript, and no key in anything that is kept (T05)', async () => {
  const { stdout } = await runDeckhand(['model', 'list', '--json', ...reach], { folder });
  const keyFile = /"keyFile": ?"([^"]+)"/.exec(stdout)?.[1] ?? 'nowhere';
  const key = (await onHost(host, `cat ${keyFile}`)).trim();
  expect(key.length).toBeGreaterThan(20);
  const text = await kept();
  expect(text).toContain('"instructions":"You answer with JSON alone."');
  expect([text.includes(key), text.includes(remote.key)]).toEqual([false, false]);
});

it('fails with a code of its own when a key, a stream or the whole server is bad, and nothing stands in (T20)', async () => {
  remote.moves = [{ status: 401, body: { error: { message: `invalid x-api-key ${remote.key}` } } }];
  const refused = await probed('--model', 'remote/claude-sonnet-5-5');
  expect([refused.code, refused.check.models[0]?.error?.code]).toEqual([5, 'planner.refused']);
  expect(refused.check.models[0]?.error?.message).toContain(join(folder, 'remote.key'));
  remote.moves = [{ endless: true }];
  const endless = await runDeckhand(
    ['model', 'planning', '--probe', '--settings', 'hasty.yaml', '--model', 'remote/claude-sonnet-5-5'],
    { folder },
  );
  expect(endless.stderr + endless.stdout).toContain('planner.timed-out');
  await remote.left();
  const unknown = await probed('--model', 'nope');
  expect(unknown.check.models[0]?.error?.message).toContain(`There are ${host.name}/tiny, remote/MODEL.`);
  await onHost(host, "systemctl stop $(systemctl list-units --plain --no-legend '*tiny*' | cut -d' ' -f1)");
  const down = await probed('--model', `${host.name}/tiny`);
  expect(down.check.models[0]).toMatchObject({ answered: null, error: { code: 'planner.unreachable' } });
  expect((await kept()).includes(remote.key)).toBe(false);
});
