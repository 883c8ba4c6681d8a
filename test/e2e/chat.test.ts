import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { TINY_SENTENCE } from '../model/tiny-model.ts';
import { chatConformance } from '../models/conformance.ts';
import { EngineEyes } from './engine-eyes.ts';
import { type ModelLab, openModelLab, tinyModel } from './model-lab.ts';

/** Chats with a real model server on a booted host, by an account that has nothing but sshd. */
const CONTEXT = 32_768;
const START = ['--threads', '1', '--context', `${CONTEXT}`];
const ENDLESS = { ignore_eos: true, temperature: 0 };

let lab: ModelLab;
let host: LabHost;
let model: string;
let eyes: EngineEyes;
let deckhand: ModelLab['deckhand'];
let reach: readonly string[];

beforeAll(async () => {
  lab = await openModelLab([36]);
  // answers that go on share the context: there is room in it until each is stopped
  model = await tinyModel(lab.folder, 'tiny.gguf', { context: CONTEXT });
  ({ deckhand, asGuest: reach } = lab);
  [host] = lab.hosts as [LabHost];
  eyes = new EngineEyes(host, lab.folder);
});
afterAll(async () => {
  await eyes?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

describe('a host with nothing but sshd', () => {
  it('answers after two commands; the second time nothing is sent (L04 L21 L22 L32)', async () => {
    const begun = performance.now();
    const deploy = ['model', 'deploy', ...reach, host.name, model, ...START];
    expect(await deckhand(...deploy)).toMatchObject({ code: 0 });
    const answer = await deckhand('chat', 'tiny', 'hi', ...reach, '--temperature', '0');
    console.log(`deploy and first answer: ${Math.round(performance.now() - begun)} ms`);
    expect(answer).toMatchObject({ code: 0, stdout: `${TINY_SENTENCE}\n`, stderr: '' });
    const again = performance.now();
    const second = JSON.parse((await deckhand(...deploy, '--json')).stdout) as {
      results: { result: { uploaded: number } }[];
    };
    expect(second.results[0]?.result.uploaded).toBe(0);
    const told = JSON.parse((await deckhand('chat', 'tiny', 'hi', ...reach, '--json')).stdout) as object;
    console.log(`deploy and answer again: ${Math.round(performance.now() - again)} ms`);
    expect(told).toMatchObject({
      answer: TINY_SENTENCE,
      server: `${host.name}/tiny`,
      finishReason: 'stop',
      usage: { promptTokens: 22, completionTokens: 19 },
    });
    expect((await deckhand('chat', 'search', 'TINY TEST MODEL')).stdout).toContain('chat-');
    const nothing = await deckhand('model', 'ensure', `${host.name}/tiny`, ...reach);
    expect(nothing.stdout).toContain('nothing was missing');
    // its service is stopped: it is begun again, and nothing is sent
    await onHost(host, 'pkill -KILL -f "^/bin/sh .*keep" ; pkill -KILL -x llama-server; true');
    const missing = await deckhand('model', 'ensure', host.name, model, ...reach, ...START, '--json');
    expect(missing.code).toBe(0);
    const ensured = JSON.parse(missing.stdout) as { results?: { result: { uploaded: number } }[] };
    expect(ensured.results?.[0]?.result.uploaded ?? 0).toBe(0);
    expect((await deckhand('chat', 'tiny', 'hi', ...reach)).stdout).toBe(`${TINY_SENTENCE}\n`);
  });

  it('keeps its key out of everything that is kept here (L29 T05)', async () => {
    const key = await eyes.key('tiny');
    const places = ['store/store.sqlite', 'store/store.sqlite-wal', 'daemon.log'];
    const kept = await Promise.all(
      places.map(
        async place => await readFile(join(lab.folder, 'state/deckhand', place)).catch(() => Buffer.alloc(0)),
      ),
    );
    expect(kept.some(({ length }) => length > 0)).toBe(true);
    expect(kept.map(bytes => bytes.includes(key))).toEqual(places.map(() => false));
  });

  it('names the models that are there when it is asked for another (L28)', async () => {
    const { code, stderr } = await deckhand('chat', 'nope', 'hi', ...reach);
    expect([code, stderr]).toEqual([2, expect.stringContaining("a model 'nope'. There are tiny.") as string]);
    const line = /tiny +\S+\/tiny +serves +32768 +0\/4 +\d+\.\d/;
    const models = async (): Promise<string> => (await deckhand('chat', 'models', ...reach)).stdout;
    // a busy machine may take longer than the list waits for a speed
    await expect.poll(models, { timeout: 60_000 }).toMatch(line);
  });
});

describe('a model file, and no server', () => {
  it('is served by this machine and answers; the second time it is only asked', async () => {
    const file = await tinyModel(lab.folder, 'own.gguf', { sentence: 'Own words of this very machine.' });
    try {
      const first = await deckhand('chat', file, 'hi', '--temperature', '0');
      expect([first.code, first.stdout]).toEqual([0, 'Own words of this very machine.\n']);
      expect(first.stderr).toContain('own is served by this machine now');
      const again = await deckhand('chat', '-m', './own.gguf', 'hi', '--temperature', '0');
      expect(again).toMatchObject({ code: 0, stdout: 'Own words of this very machine.\n', stderr: '' });
    } finally {
      expect((await deckhand('model', 'remove', 'local/own')).code).toBe(0);
    }
    const absent = await deckhand('chat', './absent.gguf', 'hi');
    expect([absent.code, absent.stderr]).toEqual([
      2,
      expect.stringContaining('local.file-missing') as string,
    ]);
  });
});

describe('the real server', () => {
  chatConformance('llama-server', async () => {
    const [site, key] = [await eyes.site(), await eyes.key('tiny')];
    return {
      door: {
        name: 'tiny',
        base: '',
        key: () => key,
        headers: {},
        resumes: true,
        pingInterval: 3_000,
        dial: async dialSignal => await site.dial({ path: eyes.layout('tiny').live }, dialSignal),
      },
      model: 'tiny',
      sentence: TINY_SENTENCE,
      busy: async () => await eyes.busy('tiny'),
      endless: { parameters: { extra: ENDLESS } },
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    };
  });
});
