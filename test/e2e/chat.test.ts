import { createHash } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { llamaCpp } from '../../src/engines/adapters/llama-cpp.ts';
import { layoutOf } from '../../src/engines/deploy/layout.ts';
import { readKey } from '../../src/engines/deploy/run-checked.ts';
import type { Site } from '../../src/engines/deploy/site.ts';
import { engineHttp } from '../../src/engines/engine-http.ts';
import { type LabFleet, labFleet, onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { TINY_SENTENCE } from '../model/tiny-model.ts';
import { chatConformance } from '../models/conformance.ts';
import { type CommandResult, deckhand as runDeckhand, stopDaemon } from './deckhand-command.ts';
import { connectAs, realBundle, siteOf, tinyModel } from './model-lab.ts';
import { signal } from './ssh-client.ts';

/** Chats with a real model server on a booted host, by an account that has nothing but sshd. */
const BASE = '/home/guest/.local/state/deckhand';
/** Goes on until it is stopped: the end of its sentence does not count. */
const ENDLESS = { ignore_eos: true, temperature: 0 };

let folder: string;
let fleet: LabFleet;
let host: LabHost;
let reach: readonly string[];
let site: Site & AsyncDisposable;
let key: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chat-'));
  const [lab, bundle] = await Promise.all([labFleet([36], folder), realBundle()]);
  fleet = lab;
  host = fleet.hosts[0] as LabHost;
  const cache = join(folder, 'cache/deckhand/bundles');
  await mkdir(cache, { recursive: true });
  await copyFile(bundle.path, join(cache, 'llama.cpp-forky-slim.tar.gz'));
  const config = await readFile(fleet.surroundings.sshConfigFile ?? '', 'utf8');
  const asGuest = join(folder, 'as-guest');
  await writeFile(asGuest, config.replaceAll('User root', 'User guest'));
  reach = ['--ssh-config', asGuest];
  const connection = await connectAs(host, 'guest', folder);
  site = { ...siteOf(connection), [Symbol.asyncDispose]: async () => await connection.close() };
});
afterAll(async () => {
  await site?.[Symbol.asyncDispose]();
  await stopDaemon(folder);
  await fleet?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function deckhand(...words: readonly string[]): Promise<CommandResult> {
  return await runDeckhand(words, { folder });
}

/** How many requests the server itself says it works on, asked past everything of ours. */
async function busy(name = 'slow'): Promise<number> {
  const layout = layoutOf(BASE, name);
  const http = engineHttp(async dialSignal => await site.dial({ path: layout.live }, dialSignal));
  return (await llamaCpp.busy({ http, key, signal })) ?? -1;
}

/** Milliseconds until the server is idle. */
async function untilIdle(): Promise<number> {
  const begun = performance.now();
  while ((await busy()) > 0) await systemClock.sleep(1);
  return performance.now() - begun;
}

describe('a host with nothing but sshd', () => {
  it('answers after two commands; the second time nothing is sent (L04 L21 L22 L32)', async () => {
    const model = await tinyModel(folder, 'tiny.gguf');
    const begun = performance.now();
    const deploy = ['model', 'deploy', ...reach, host.name, model, '--threads', '1'];
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
    const missing = await deckhand('model', 'ensure', host.name, model, ...reach, '--threads', '1', '--json');
    expect(missing.code).toBe(0);
    const ensured = JSON.parse(missing.stdout) as { results?: { result: { uploaded: number } }[] };
    expect(ensured.results?.[0]?.result.uploaded ?? 0).toBe(0);
    expect((await deckhand('chat', 'tiny', 'hi', ...reach)).stdout).toBe(`${TINY_SENTENCE}\n`);
  });

  it('keeps its key out of everything that is kept here (L29 T05)', async () => {
    key = await readKey(site, layoutOf(BASE, 'tiny'), signal);
    const places = ['store/store.sqlite', 'store/store.sqlite-wal', 'daemon.log'];
    const kept = await Promise.all(
      places.map(
        async place => await readFile(join(folder, 'state/deckhand', place)).catch(() => Buffer.alloc(0)),
      ),
    );
    expect(kept.some(({ length }) => length > 0)).toBe(true);
    expect(kept.map(bytes => bytes.includes(key))).toEqual(places.map(() => false));
  });

  it('names the models that are there when it is asked for another (L28)', async () => {
    const { code, stderr } = await deckhand('chat', 'nope', 'hi', ...reach);
    expect([code, stderr]).toEqual([2, expect.stringContaining("a model 'nope'. There are tiny.") as string]);
    expect((await deckhand('chat', 'models', ...reach)).stdout).toMatch(
      /tiny +\S+\/tiny +serves +2048 +0\/4/,
    );
  });
});

describe('the real server', () => {
  chatConformance('llama-server', async () => {
    key = await readKey(site, layoutOf(BASE, 'tiny'), signal);
    const layout = layoutOf(BASE, 'tiny');
    return await Promise.resolve({
      door: {
        name: 'tiny',
        base: '',
        key: () => key,
        headers: {},
        resumes: true,
        pingInterval: 3_000,
        dial: async dialSignal => await site.dial({ path: layout.live }, dialSignal),
      },
      model: 'tiny',
      sentence: TINY_SENTENCE,
      busy: async () => await busy('tiny'),
      endless: { parameters: { extra: ENDLESS } },
      [Symbol.asyncDispose]: async () => await Promise.resolve(),
    });
  });
});

describe('the endpoint', () => {
  let url: string;
  let token: string;
  /** A question to the slow model whose answer goes on until it is stopped. */
  const ask = async (more: object, stop = signal): Promise<Response> =>
    await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'slow',
        messages: [{ role: 'user', content: 'hi' }],
        ...ENDLESS,
        ...more,
      }),
      signal: stop,
    });

  beforeAll(async () => {
    const shape = { dimension: 256, feedForward: 1024, layers: 4, heads: 8, context: 4096 };
    const slow = await tinyModel(folder, 'slow.gguf', shape);
    const deployed = await deckhand('model', 'deploy', ...reach, host.name, slow, '--threads', '1');
    expect(deployed.code).toBe(0);
    key = await readKey(site, layoutOf(BASE, 'slow'), signal);
    const told = await deckhand('serve', '--detach', '--port', '0', ...reach, '--json');
    const { endpoint } = JSON.parse(told.stdout) as { endpoint: { url: string; tokenFile: string } };
    url = endpoint.url;
    token = (await readFile(endpoint.tokenFile, 'utf8')).trim();
  });

  it('lists all models, and answers with usage whether or not it streams (B08 T13)', async () => {
    const headers = { authorization: `Bearer ${token}` };
    const { data } = (await (await fetch(`${url}/models`, { headers })).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id).sort()).toEqual(['slow', 'tiny']);
    const whole = (await (await ask({ model: 'tiny', ignore_eos: false })).json()) as object;
    expect(whole).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: TINY_SENTENCE }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 22, completion_tokens: 19 },
    });
    const streamed = await (await ask({ model: 'tiny', ignore_eos: false, stream: true })).text();
    expect(streamed.endsWith('data: [DONE]\n\n')).toBe(true);
  });

  it('leaves the server idle when the caller leaves, streaming or not (L24)', async () => {
    for (const stream of [true, false]) {
      const stop = new AbortController();
      const reading = ask({ stream }, stop.signal).then(async response => await response.text());
      reading.catch(() => undefined);
      while ((await busy()) === 0) await systemClock.sleep(5);
      stop.abort();
      console.log(`${stream ? 'a stream' : 'no stream'}: idle after ${(await untilIdle()).toFixed(0)} ms`);
      await expect(reading).rejects.toThrow();
    }
  });

  it('goes on through killed sessions without a character too few or twice (B08)', async () => {
    const sha = async (disturb: () => Promise<unknown>): Promise<string> => {
      const response = await ask({ stream: true, max_tokens: 1200 });
      const text = response.text();
      await disturb();
      const pieces = [...(await text).matchAll(/^data: (\{.*)$/gm)].map(([, json]) => {
        const chunk = JSON.parse(json ?? '') as { choices: { delta?: { content?: string | null } }[] };
        return chunk.choices[0]?.delta?.content ?? '';
      });
      expect(pieces.length).toBeGreaterThan(1000);
      return createHash('sha256').update(pieces.join('')).digest('hex');
    };
    const begun = performance.now();
    const calm = await sha(async () => await Promise.resolve());
    console.log(`undisturbed: ${Math.round(performance.now() - begun)} ms`);
    const disturbed = await sha(async () => {
      for (let kill = 0; kill < 2; kill += 1) {
        await systemClock.sleep(300);
        expect(await busy()).toBe(1);
        // the tunnel's own session is ended; the one that looks at the slots too, so it is opened anew
        await onHost(host, "pkill -KILL -f '^sshd-session: guest' || pkill -KILL -f '^sshd: guest'");
        await Promise.resolve(site[Symbol.asyncDispose]()).catch(() => undefined);
        const connection = await connectAs(host, 'guest', folder);
        site = { ...siteOf(connection), [Symbol.asyncDispose]: async () => await connection.close() };
      }
    });
    expect(disturbed).toBe(calm);
  });

  it('Ctrl-C on the command line stops the model', async () => {
    const preset = 'presets:\n  endless: { extra: { ignore_eos: true } }\n';
    await writeFile(join(folder, 'deckhand.yaml'), preset);
    const words = ['chat', 'slow', 'hi', '--preset', 'endless', ...reach];
    const stopped = await runDeckhand(words, { folder, signalAfter: { text: 'Ahoy', signal: 'SIGINT' } });
    expect(stopped.code).toBe(130);
    await untilIdle();
    const [last] = (
      JSON.parse((await deckhand('chat', 'list', '--json')).stdout) as { conversations: { id: string }[] }
    ).conversations;
    const shown = await deckhand('chat', 'show', last?.id ?? '', '--json');
    const { messages } = JSON.parse(shown.stdout) as { messages: object[] };
    expect(messages).toMatchObject([{ role: 'user' }, { role: 'assistant', finishReason: 'cancelled' }]);
  });

  it('is there again after the daemon was killed, with the same token (L32)', async () => {
    const { pid } = JSON.parse((await deckhand('daemon', 'status', '--json')).stdout) as { pid: number };
    process.kill(pid, 'SIGKILL');
    const models = await deckhand('chat', 'list');
    expect(models.stdout).toContain('slow');
    const answer = await ask({ model: 'tiny', ignore_eos: false });
    expect(await answer.text()).toContain('Ahoy!');
  });
});
