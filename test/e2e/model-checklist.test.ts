import { readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TunnelView } from '../../src/api/contract.ts';
import type { StatusResult } from '../../src/core/model-params.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { EngineEyes, GUEST_BASE } from './engine-eyes.ts';
import { type ModelLab, openModelLab } from './model-lab.ts';

/**
 * What a served model must keep to, on the real llama-server of a booted host, as far as no other file shows it. Shown elsewhere:
 *
 * - sent once, nothing the second time; two at once, one wins; cut at each step; no internet, no linger, noexec, 8 MiB of
 *   disk, a busy port; a crash; a power cut; removal leaves nothing: `model-deploy`, `model-system`, `model-run`
 * - upgrades without a failed request, a broken one rolled back: `model-deploy`, `model-upgrade`
 * - what its log says of each failure to start, a disk that fills up, a stop in the middle of an answer, a long outage:
 *   `model-outages`; a crash loop, a silent server, forwarding denied: `model-troubles`; another port, another program,
 *   0.0.0.0: `model-engines`
 * - 3,000 tokens with the same hash through cuts; a cancel frees the slot, streaming or not; prompts that are too long, images,
 *   grammars, bodies that are none: `endpoint`, `chat`; which of twenty answers: `endpoint-boxes`
 * - the tunnel under each fault, its port kept, forwards denied: `tunnels`, `tunnels-daemon`, and figures in `bench/p13`, `p14`
 * - the time of a first and a second deployment with its chat: `bench/p15`
 */
let lab: ModelLab;
let host: LabHost;
let eyes: EngineEyes;
/** The engine's socket as a port of this machine, through SSH. */
let port: number;
let endpoint: { readonly url: string; readonly port: number; readonly token: string };
const hi = [{ role: 'user', content: 'hi' }];

beforeAll(async () => {
  lab = await openModelLab([40]);
  [host] = lab.hosts as [LabHost];
  await onHost(host, 'loginctl enable-linger guest');
  eyes = new EngineEyes(host, lab.folder);
  const words = ['model', 'deploy', ...lab.asGuest, host.name, lab.model, '--threads', '1'];
  expect(await lab.deckhand(...words)).toMatchObject({ code: 0 });
  const lead = `0:${GUEST_BASE}/llm/tiny/run/live.sock`;
  const added = await lab.deckhand('tunnel', 'add', 'raw', host.name, ...lab.asGuest, '-L', lead, '--json');
  const { tunnel } = JSON.parse(added.stdout) as { tunnel: TunnelView };
  const listening = tunnel.status?.listening;
  port = listening && 'port' in listening ? listening.port : 0;
  const told = await lab.deckhand('serve', '--detach', '--port', '0', ...lab.asGuest, '--json');
  const served = (JSON.parse(told.stdout) as { endpoint: { url: string; tokenFile: string } }).endpoint;
  endpoint = {
    url: served.url,
    port: Number(new URL(served.url).port),
    token: (await readFile(served.tokenFile, 'utf8')).trim(),
  };
});
afterAll(async () => {
  await eyes?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** One request to a port of this machine, with headers that a browser's `fetch` would not let a page choose. */
async function asked(
  at: number,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<{ readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }> {
  const json = body === undefined ? '' : JSON.stringify(body);
  return await new Promise((resolve, reject) => {
    const sent = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = httpRequest({
      host: '127.0.0.1',
      port: at,
      path,
      method,
      agent: false,
      headers: { ...sent, 'content-length': `${json.length}`, ...headers },
    });
    call.once('error', reject).once('response', answer => {
      const { statusCode = 0 } = answer;
      textOf(answer).then(text => resolve({ status: statusCode, headers: answer.headers, text }), reject);
    });
    call.end(json);
  });
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe('the key, through a tunnel (T17)', () => {
  /** All routes that b11669 has, by its documents and its own strings, and one that it has not. */
  const gets =
    '/props /slots /metrics /models /v1/models /api/tags /v1/stream /lora-adapters /tools /cors-proxy /models/sse /index.html /nope';
  const posts =
    '/completion /completions /v1/completions /chat/completions /v1/chat/completions /v1/chat/completions/control /v1/chat/completions/input_tokens /v1/responses /v1/responses/input_tokens /v1/messages /v1/messages/count_tokens /embedding /embeddings /v1/embeddings /rerank /reranking /v1/rerank /v1/reranking /tokenize /detokenize /apply-template /infill /v1/audio/transcriptions /v1/streams/lookup /props /lora-adapters /slots/0?action=erase /models/load /models/unload /api/show /tools';
  const routes = [
    ...gets.split(' ').map(path => ['GET', path] as const),
    ...posts.split(' ').map(path => ['POST', path] as const),
    ['DELETE', '/v1/stream?conv_id=x'] as const,
  ];
  const unwritten = async (headers: Readonly<Record<string, string>>): Promise<readonly string[]> => {
    const answers = routes.map(async ([method, path]) => {
      const { status, text } = await asked(port, path, {
        method,
        headers,
        ...(method === 'POST' && { body: {} }),
      });
      return status === 401 && text.includes('Invalid API Key') ? [] : [`${method} ${path} ${status}`];
    });
    return (await Promise.all(answers)).flat();
  };

  it('is asked for on every route but the one of its health, and opens them all', async () => {
    expect(await unwritten({})).toEqual([]);
    expect(await unwritten(bearer('wrong'))).toEqual([]);
    expect(await unwritten({ 'x-api-key': '' })).toEqual([]);
    const key = await eyes.key('tiny');
    for (const good of [bearer(key), { 'x-api-key': key }])
      expect(await unwritten(good)).toHaveLength(routes.length);
    for (const path of ['/health', '/v1/health'])
      expect(await asked(port, path)).toMatchObject({ status: 200, text: '{"status":"ok"}' });
    // there is no page of its own
    expect((await asked(port, '/')).status).toBe(404);
  });
});

describe('a page of another site', () => {
  const evil = { origin: 'https://evil.example' };

  it('gets nothing from the engine that its browser would show it', async () => {
    const key = bearer(await eyes.key('tiny'));
    const foreign = await asked(port, '/v1/models', { headers: { ...key, ...evil } });
    expect(foreign.headers['access-control-allow-origin']).toBeUndefined();
    const before = { ...evil, 'access-control-request-method': 'POST' };
    const preflight = await asked(port, '/v1/chat/completions', { method: 'OPTIONS', headers: before });
    expect(preflight.headers['access-control-allow-origin']).toBeUndefined();
    // what is refused above is refused for its origin: this machine's own is welcome
    const own = await asked(port, '/v1/models', { headers: { ...key, origin: 'http://localhost:3000' } });
    expect(own.headers['access-control-allow-origin']).toBe('http://localhost:3000');
    // it looks at no Host: a name that was pointed here gets as far as whoever has no key
    expect((await asked(port, '/v1/models', { headers: { host: 'evil.example' } })).status).toBe(401);
  });

  it('is stopped at the endpoint, whatever it carries, before the engine hears of it', async () => {
    const body = { model: 'tiny', messages: hi };
    const ask = async (headers: Readonly<Record<string, string>>) =>
      await asked(endpoint.port, '/v1/chat/completions', {
        method: 'POST',
        body,
        headers: { ...bearer(endpoint.token), ...headers },
      });
    const before = await tokensTaken();
    for (const headers of [
      evil,
      { origin: 'null' },
      { host: 'evil.example' },
      { host: 'localhost.evil.example' },
    ]) {
      const { status, text } = await ask(headers);
      expect([status, text]).toEqual([403, expect.stringContaining('endpoint.refused-origin')]);
    }
    expect(await tokensTaken()).toBe(before);
    const own = await ask({ origin: 'http://localhost:3000', host: `localhost:${endpoint.port}` });
    expect([own.status, own.text]).toEqual([200, expect.stringContaining('Ahoy!')]);
    expect(await tokensTaken()).toBeGreaterThan(before);
  });

  /** Tokens of prompts that the engine has ever taken in. */
  async function tokensTaken(): Promise<number> {
    const { text } = await asked(port, '/metrics', { headers: bearer(await eyes.key('tiny')) });
    return Number(/^llamacpp:prompt_tokens_total (\d+)/m.exec(text)?.[1]);
  }
});

describe('what the engine is started with', () => {
  const running = async (): Promise<readonly string[]> =>
    (await onHost(host, "tr '\\0' ' ' < /proc/$(pgrep -f '[-]-alias tiny')/cmdline")).trim().split(' ');

  it('lets it keep prompts in a share of the memory that was free, and says so in its record', async () => {
    const words = await running();
    const mebibytes = Number(words[words.indexOf('--cache-ram') + 1]);
    const available = Number(await onHost(host, "awk '/^MemAvailable/ {print $2}' /proc/meminfo")) / 1024;
    console.log(`--cache-ram ${mebibytes} of ${Math.round(available)} MiB that are available`);
    // a quarter, of what was free a moment ago on a machine that others use
    expect(mebibytes).toBeGreaterThan(Math.min(available / 10, 7_000));
    expect(mebibytes).toBeLessThanOrEqual(Math.min(available, 8_192));
    const record = await onHost(host, `cat ${GUEST_BASE}/llm/tiny/current/release.json`);
    expect(JSON.parse(record)).toMatchObject({ promptCache: mebibytes });
    // whatever is free now: it is the same release, and is not started anew
    const again = await lab.deckhand(
      'model',
      'deploy',
      ...lab.asGuest,
      host.name,
      lab.model,
      '--threads',
      '1',
    );
    expect(again.code).toBe(0);
    expect(await running()).toEqual(words);
    expect(await onHost(host, `cat ${GUEST_BASE}/llm/tiny/current/release.json`)).toBe(record);
  });

  it('never lets it run tools, leave its host or show a page', async () => {
    const words = await running();
    expect(words).toEqual(expect.arrayContaining(['--offline', '--no-ui', '--metrics', '--api-key-file']));
    expect(words.filter(word => /^--(?:tools|agent|jinja-tools)/.test(word))).toEqual([]);
  });
});

describe('questions that it cannot answer, through the endpoint', () => {
  it.each([
    [
      'chat/completions',
      { response_format: schema({ type: 'nonsense' }) },
      '400 chat.refused',
      /JSON schema error/,
    ],
    [
      'chat/completions',
      { response_format: schema({ $ref: '#/nope' }) },
      '400 chat.refused',
      /cannot resolve/,
    ],
    ['embeddings', { input: 'hi' }, '501 chat.unsupported', /does not support embeddings/],
  ])('%s with %j is refused typed, streaming or not', async (path, more, expected, words) => {
    for (const stream of path === 'embeddings' ? [{}] : [{}, { stream: true }]) {
      const { status, text } = await asked(endpoint.port, `/v1/${path}`, {
        method: 'POST',
        headers: bearer(endpoint.token),
        body: { model: 'tiny', messages: hi, ...more, ...stream },
      });
      const { error } = JSON.parse(text) as { error: { code: string; message: string } };
      expect([`${status} ${error.code}`, error.message]).toEqual([expected, expect.stringMatching(words)]);
    }
  });

  function schema(wanted: object): object {
    return { type: 'json_schema', json_schema: { name: 'answer', schema: wanted } };
  }
});

describe('servers of somebody else on the host', () => {
  /** The same program, started by somebody who knows nothing of us. */
  const started = async (unit: string, at: number, ...words: readonly string[]): Promise<void> => {
    const program = (await onHost(host, `echo ${GUEST_BASE}/engines/*/bin/llama-server`)).trim();
    const run = `systemd-run --quiet --uid=guest --unit=${unit} ${program} --port ${at} --offline --no-ui --threads 1`;
    await onHost(host, `${run} ${words.join(' ')}`);
    await onHost(
      host,
      `for n in $(seq 600); do curl -sf 127.0.0.1:${at}/health && exit; sleep 0.1; done; exit 1`,
    );
  };
  const shown = async (name: string): Promise<StatusResult> => {
    const { stdout } = await lab.deckhand('model', 'show', ...lab.asGuest, `${host.name}/${name}`, '--json');
    const { results } = JSON.parse(stdout) as { results: { result: StatusResult }[] };
    return (results[0] as { result: StatusResult }).result;
  };
  const connected = async (name: string, at: number): Promise<void> => {
    const words = ['model', 'connect', ...lab.asGuest, host.name, '--port', `${at}`, '--name', name];
    expect(await lab.deckhand(...words)).toMatchObject({ code: 0 });
  };

  it('that sleeps is well, is not woken by whoever looks, and is by whoever asks', async () => {
    const model = (await onHost(host, `ls ${GUEST_BASE}/models/*.gguf`)).split('\n')[0] ?? '';
    await started('sleepy', 8_101, '--alias', 'sleepy', '--sleep-idle-seconds', '1', '-m', model);
    const naps = async (): Promise<number> =>
      Number(await onHost(host, 'journalctl -u sleepy | grep -c "entering sleeping state"; true'));
    const asleep = async (): Promise<true | undefined> =>
      (await onHost(host, 'curl -s 127.0.0.1:8101/props')).includes('"is_sleeping":true') || undefined;
    // the journal may be behind
    await until('it sleeps', 60_000, async () => ((await naps()) > 0 ? asleep() : undefined));
    const before = await naps();
    await connected('drowsy', 8_101);
    const { readiness, problem, models, endpoints } = await shown('drowsy');
    expect({ readiness, problem, models }).toEqual({
      readiness: 'sleeping',
      problem: null,
      models: ['sleepy'],
    });
    expect(endpoints.at(-1)).toMatchObject({ path: '/v1/chat/completions', notAsked: 'it sleeps' });
    const listed = await lab.deckhand('model', 'list', ...lab.asGuest, '--check');
    expect(listed.stdout).toMatch(/drowsy .*llama\.cpp +sleeping \d+/);
    await lab.deckhand('chat', 'models', ...lab.asGuest);
    // it would have had to fall asleep again since
    expect([await asleep(), await naps()]).toEqual([true, before]);
    const answer = await lab.deckhand('chat', ...lab.asGuest, '-m', 'sleepy', 'hi');
    expect(answer).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Ahoy!/) as string });
    await until('it sleeps again', 60_000, async () => ((await naps()) > before ? asleep() : undefined));
    await lab.deckhand('model', 'disconnect', ...lab.asGuest, `${host.name}/drowsy`);
  });

  it('that was started without a model is well, and is told to serve none', async () => {
    await started('empty', 8_102);
    await connected('hollow', 8_102);
    expect(await shown('hollow')).toMatchObject({
      readiness: 'ready',
      models: [],
      problem: { code: 'engine.no-model', message: `${host.name}/hollow answers, and serves no model.` },
      endpoints: expect.arrayContaining([
        expect.objectContaining({ path: '/health', status: 200 }),
      ]) as object[],
    });
    // the bare tunnel leads to a server too, one that says nothing without its key
    await lab.deckhand('tunnel', 'remove', 'raw');
    const { code, stderr } = await lab.deckhand('chat', ...lab.asGuest, '-m', 'hollow', 'hi');
    expect([code, stderr]).toEqual([2, expect.stringContaining('chat.unknown-model')]);
    await lab.deckhand('model', 'disconnect', ...lab.asGuest, `${host.name}/hollow`);
  });
});
