import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Surroundings } from '../../src/core/task.ts';
import { DaemonUnderTest } from '../faults/daemon-under-test.ts';
import { until } from '../faults/fault.ts';
import { type LightFleet, type LightHost, lightFleet } from '../lab/light.ts';
import { realBundle, tinyModel } from './model-lab.ts';

/** Twenty boxes, each reached through an SSH connection of its own, each with a real server of the same model. */
const BOXES = 20;
/** Each box has an address of its own, so nothing else has this port there. */
const PORT = 8080;
let folder: string;
let fleet: LightFleet;
let daemon: DaemonUnderTest;
let servers: readonly ChildProcess[];
let url: string;
let token: string;
let surroundings: Surroundings;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'boxes-'));
  fleet = await lightFleet(BOXES, join(folder, 'fleet'));
  servers = await startServers(fleet.hosts);
  daemon = await DaemonUnderTest.start(folder);
  surroundings = { folder, sshConfigFile: fleet.sshConfigFile, overrides: {} };
  await Promise.all(
    fleet.hosts.map(async ({ name, address }) => {
      const params = { name: 'box', listen: [{ host: address, port: PORT }] };
      const { tasks } = await daemon.api.submit({ kind: 'model.connect', hosts: name, params, surroundings });
      expect(await daemon.ended(tasks[0]?.id ?? '')).toMatchObject({ state: 'succeeded' });
    }),
  );
  const endpoint = await daemon.api.openEndpoint(surroundings, { port: 0, keep: false });
  url = endpoint.url;
  token = (await readFile(endpoint.tokenFile, 'utf8')).trim();
});
afterAll(async () => {
  await daemon?.[Symbol.asyncDispose]();
  for (const server of servers ?? []) await ended(server);
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Each says which one it is. */
async function startServers(boxes: readonly LightHost[]): Promise<readonly ChildProcess[]> {
  const bundle = await realBundle();
  const engine = join(folder, 'engine');
  await mkdir(engine, { recursive: true });
  await promisify(execFile)('tar', ['-xzf', bundle.path, '-C', engine]);
  const started: ChildProcess[] = [];
  for (const [index, { address }] of boxes.entries()) {
    const box = index + 1;
    const model = await tinyModel(folder, `${box}.gguf`, {
      sentence: `Ahoy from number ${box} of all boxes.`,
    });
    const words = ['--host', address, '--port', `${PORT}`, '--model', model, '--alias', 'tiny'];
    // ended by the kernel with this process, whatever becomes of it
    const command = ['--pdeathsig', 'KILL', join(engine, 'bin/llama-server'), ...words];
    const child = spawn('setpriv', [...command, '--threads', '1', '--no-ui', '--offline'], {
      stdio: 'ignore',
    });
    started.push(child);
  }
  for (const [index, { address }] of boxes.entries())
    while (!(await serves(address))) {
      if (started[index]?.exitCode !== null) throw new Error(`the server of box ${index + 1} has ended`);
      await pause(50);
    }
  return started;
}

/** It answers, and has its model. */
async function serves(address: string): Promise<boolean> {
  return await fetch(`http://${address}:${PORT}/health`).then(
    async answer => (await answer.text()) !== '' && answer.ok,
    () => false,
  );
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, 'exit');
  server.kill('SIGKILL');
  await exit;
}

/** The numbers of the boxes that answered so many questions, asked all at once, each with so many tokens. */
async function answeredBy(questions: number, tokens = 12): Promise<readonly number[]> {
  return await Promise.all(
    Array.from({ length: questions }, async (_, index) => {
      const answer = await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'tiny',
          messages: [{ role: 'user', content: 'hi' }],
          temperature: 0,
          ignore_eos: true,
          max_tokens: tokens,
          user: `user-${index}`,
        }),
      });
      const text = await answer.text();
      const number = /Ahoy from number (\d+) of all/.exec(text)?.[1];
      if (number === undefined) throw new Error(`${answer.status}: ${text}`);
      return Number(number);
    }),
  );
}

describe('twenty boxes behind one address (B08)', () => {
  it('share the questions', async () => {
    // who does not say in five seconds what it serves is left out for the while, however many others wait for it
    await until('each box says what it serves', 240_000, async () => {
      const models = await daemon.api.servedModels(surroundings);
      return models.every(({ error }) => error === null) || undefined;
    });
    const boxes = new Set(await answeredBy(100, 300));
    console.log(`100 questions at once were answered by ${boxes.size} of ${BOXES} boxes`);
    expect(boxes.size).toBe(BOXES);
  });

  it('answer for each other: eight that died are noticed before the first token, and nobody sees it', async () => {
    const dead = servers.slice(0, 8);
    await Promise.all(dead.map(async server => await ended(server)));
    const boxes = new Set(await answeredBy(60));
    console.log(`60 questions were answered by ${boxes.size} of the ${BOXES - dead.length} boxes left`);
    expect([...boxes].filter(number => number <= dead.length)).toEqual([]);
    expect(boxes.size).toBeGreaterThan(1);
  });

  it('are missed when the last one has died, with the reason', async () => {
    await Promise.all(servers.map(async server => await ended(server)));
    await expect(answeredBy(1)).rejects.toThrow(
      /^502: .*Connection refused.*"code":"tunnel\.target-refused"/,
    );
  });
});
