import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { type ModelLab, openModelLab, tinyModel } from './model-lab.ts';

/** Upgrades of engines other than llama.cpp, while somebody asks without a pause, by the command line and the endpoint. */
let lab: ModelLab;
let host: LabHost;
let url: string;
let token: string;
let next: string;
const STAND_INS = join(import.meta.dirname, '../engines/stand-ins');
/** The real llama-server as somebody's own program. */
const OWN =
  'exec $FILES/bin/llama-server --host $SOCKET --model $MODEL --alias $NAME --api-key-file $KEY_FILE --threads 1 --parallel 4 --offline --no-ui';

beforeAll(async () => {
  lab = await openModelLab([124]);
  [host] = lab.hosts as [LabHost];
  await onHost(host, 'loginctl enable-linger guest');
  next = await tinyModel(lab.folder, 'next.gguf', {
    sentence: 'Second release, speaking from a newer model file.',
  });
  const told = await lab.deckhand('serve', '--detach', '--port', '0', ...lab.asGuest, '--json');
  expect(told.code, told.stdout + told.stderr).toBe(0);
  const { endpoint } = JSON.parse(told.stdout) as { endpoint: { url: string; tokenFile: string } };
  url = endpoint.url;
  token = (await readFile(endpoint.tokenFile, 'utf8')).trim();
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const model = async (verb: string, ...words: readonly string[]) =>
  await lab.deckhand('model', verb, ...lab.asGuest, ...words);

/** Goes on far beyond the sentence, so that a server that is stopped has one of it under way. */
const LONG = { ignore_eos: true, max_tokens: 1_500 };

/** What the model says, or the status and words of what came instead. */
async function said(more: object = {}): Promise<string> {
  const answer = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'tiny',
      messages: [{ role: 'user', content: 'hi' }],
      temperature: 0,
      ...more,
    }),
  });
  const text = await answer.text();
  if (!answer.ok) return `${answer.status}: ${text}`;
  return (
    (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? ''
  );
}

/** All that was said by four who ask without a pause while something is done, and the result of it. */
async function asking<Result>(work: () => Promise<Result>): Promise<[Result, readonly string[]]> {
  const all: string[] = [];
  const stop = new AbortController();
  const one = async (more: object): Promise<void> => {
    while (!stop.signal.aborted) {
      all.push(await said(more).catch(String));
      await systemClock.sleep(10);
    }
  };
  const askers = [{}, {}, LONG, LONG].map(one);
  const result = await work();
  stop.abort();
  await Promise.all(askers);
  return [result, all];
}

async function upgraded(first: readonly string[], broken: readonly string[]): Promise<void> {
  const deployed = await model('deploy', host.name, lab.model, ...first);
  expect(deployed.code, deployed.stderr).toBe(0);
  expect(await said()).toMatch(/^Ahoy!/);
  const [up, duringUpgrade] = await asking(
    async () => await model('upgrade', `${host.name}/tiny`, '--model', next),
  );
  expect([up.code, up.stderr]).toEqual([0, expect.any(String) as string]);
  expect(await said()).toMatch(/^Second release/);
  const [bad, duringBroken] = await asking(
    async () => await model('upgrade', `${host.name}/tiny`, ...broken),
  );
  expect(bad.code).not.toBe(0);
  expect(bad.stderr).toMatch(/serves on/);
  const [back, duringRollback] = await asking(async () => await model('rollback', `${host.name}/tiny`));
  expect(back.code).toBe(0);
  expect(await said()).toMatch(/^Ahoy!/);
  const all = [...duringUpgrade, ...duringBroken, ...duringRollback];
  console.log(`asked ${duringUpgrade.length}, ${duringBroken.length} and ${duringRollback.length} times`);
  expect(all.filter(text => !/^(?:Ahoy!|Second release)/.test(text))).toEqual([]);
  expect(new Set(duringBroken.map(text => text.slice(0, 6)))).toEqual(new Set(['Second']));
  expect((await model('remove', `${host.name}/tiny`)).code).toBe(0);
}

it('a start command of my own: no request is lost, and a broken release never serves (L12)', async () => {
  const words = ['--engine', 'command', '--bundle', lab.bundle.path, '--start', OWN, '--probe', '/health'];
  await upgraded(words, ['--start', `${OWN} --no-such-option`]);
});

it('Ollama, by a stand-in in front of the real llama-server, from one port to the next (L12)', async () => {
  const archive = join(lab.folder, 'ollama-linux-amd64.tgz');
  const lay = `set -e; mkdir -p "$1/up/bin" "$1/up/lib/ollama"; cp "$2" "$1/up/bin/ollama"; chmod 755 "$1/up/bin/ollama"
    tar -xzf "$3" -C "$1/up/lib/ollama"; tar -czf "$4" -C "$1/up" bin lib
    printf '#!/bin/sh\\n[ "$1" = --version ] && exec echo ollama version is 9\\nexit 3\\n' > "$1/up/bin/ollama"; tar -czf "$5" -C "$1/up" bin lib`;
  const stand = join(STAND_INS, 'ollama.pl');
  const broken = join(lab.folder, 'broken.tgz');
  await promisify(execFile)('sh', ['-c', lay, 'sh', lab.folder, stand, lab.bundle.path, archive, broken]);
  await upgraded(['--engine', 'ollama', '--bundle', archive, '--context', '512'], ['--bundle', broken]);
});
