import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { EngineEyes } from './engine-eyes.ts';
import {
  connectAs,
  deployStarted,
  deployTiny,
  type ModelLab,
  mountState,
  openModelLab,
  siteOf,
  tinyModel,
} from './model-lab.ts';
import { failure, signal } from './ssh-client.ts';

/** A real llama-server that is stopped, cut off, cannot start, or has no room: what is told of it, and what is there afterwards. */
let lab: ModelLab;
let host: LabHost;
let crowded: LabHost;
let eyes: EngineEyes;
let url: string;
let headers: Readonly<Record<string, string>>;
const hi = [{ role: 'user', content: 'hi' }];

beforeAll(async () => {
  lab = await openModelLab([41, 42]);
  [host, crowded] = lab.hosts as [LabHost, LabHost];
  await onHost(host, 'loginctl enable-linger guest');
  eyes = new EngineEyes(host, lab.folder);
  const shape = { dimension: 128, feedForward: 512, layers: 3, heads: 4, context: 16_384 };
  const slow = await tinyModel(lab.folder, 'slow.gguf', shape);
  for (const model of [lab.model, slow]) {
    const words = ['model', 'deploy', ...lab.asGuest, host.name, model, '--threads', '1'];
    expect(await lab.deckhand(...words)).toMatchObject({ code: 0 });
  }
  const told = await lab.deckhand('serve', '--detach', '--port', '0', ...lab.asGuest, '--json');
  const { endpoint } = JSON.parse(told.stdout) as { endpoint: { url: string; tokenFile: string } };
  const token = (await readFile(endpoint.tokenFile, 'utf8')).trim();
  url = endpoint.url;
  headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
});
afterAll(async () => {
  await eyes?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

describe('a stop while an answer is on its way', () => {
  /** As the account whose unit it is. */
  const manage = async (words: string): Promise<string> => {
    const command = `export XDG_RUNTIME_DIR=/run/user/$(id -u); systemctl --user ${words}`;
    const { code, stdout, stderr } = await host.run(command, { user: 'guest' });
    expect(code, stderr).toBe(0);
    return stdout;
  };
  const question = {
    model: 'slow',
    messages: hi,
    stream: true,
    ignore_eos: true,
    max_tokens: 15_000,
  };
  /** Whether it ended by itself is chance (of six of b11669 four hung for good): its unit is what it can be relied upon. */
  const stop = async (): Promise<void> => {
    const began = performance.now();
    await manage(`stop ${unit}`);
    const end = (await manage(`show ${unit} -p Result --value`)).trim();
    console.log(`stopped within ${Math.round(performance.now() - began)} ms: ${end}`);
    expect(['success', 'timeout']).toContain(end);
    expect(await onHost(host, "pgrep -f '[-]-alias slow'; true")).toBe('');
  };
  const isBack = async (): Promise<void> => {
    const said = await until('it serves again', 150_000, async () => {
      const { stdout, code } = await lab.deckhand('chat', 'slow', 'hi', ...lab.asGuest);
      return code === 0 ? stdout : undefined;
    });
    expect(said).toMatch(/^Ahoy!/);
  };
  let unit: string;
  beforeAll(async () => {
    const units = await manage("list-units 'deckhand-llm-slow-*' --no-legend --plain");
    unit = units.split(' ')[0] ?? '';
  });

  it('is over when its unit gives up waiting, which is longer than the server should need', async () => {
    const line = await onHost(host, "tr '\\0' ' ' < /proc/$(pgrep -f '[-]-alias slow')/cmdline");
    const interval = /--sse-ping-interval (\d+)/.exec(line)?.[1];
    const limit = /=(\d+)s$/.exec((await manage(`show ${unit} -p TimeoutStopUSec`)).trim())?.[1];
    expect([interval, limit]).toEqual(['3', '8']);
    const [site, key] = [await eyes.site(), await eyes.key('slow')];
    const stream = await site.dial({ path: eyes.layout('slow').live }, signal);
    try {
      const answer = textOf(stream);
      const body = JSON.stringify(question);
      const head = `authorization: Bearer ${key}\r\nhost: x\r\ncontent-length: ${body.length}`;
      stream.write(`POST /v1/chat/completions HTTP/1.1\r\n${head}\r\n\r\n${body}`);
      await eyes.untilBusy('slow');
      await stop();
      expect(await answer).not.toContain('[DONE]');
    } finally {
      stream.destroy();
    }
    await manage(`start ${unit}`);
    await isBack();
  });

  it('is over as well where the server keeps the answer for whoever comes back, who is told that it was cut', async () => {
    const answer = fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers,
      body: JSON.stringify(question),
    }).then(async response => await response.text());
    await eyes.untilBusy('slow');
    await stop();
    await manage(`start ${unit}`);
    const text = await answer;
    expect(text).not.toContain('[DONE]');
    expect(text.trim().split('\n').at(-1)).toContain('"code":"chat.cut"');
    await isBack();
  });
});

describe('a network that is gone for longer than a question is held', () => {
  it('is told as what it is, with the time to wait, and the same address answers afterwards', async () => {
    const ask = async () =>
      await fetch(`${url}/chat/completions`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ model: 'tiny', messages: hi, temperature: 0 }),
      });
    expect((await ask()).status).toBe(200);
    // its own connection would be lost as well
    await eyes.forget();
    await host.net('blackhole');
    const lost = await ask();
    await host.net('ok');
    const text = await lost.text();
    expect([lost.status, lost.headers.get('retry-after')], text).toEqual([503, '2']);
    expect(JSON.parse(text)).toMatchObject({ error: { type: 'tunnel_down', code: 'tunnel.down' } });
    const back = await until('it answers again', 150_000, async () => {
      const answer = await ask();
      return answer.ok ? await answer.text() : void (await answer.text());
    });
    expect(back).toContain('Ahoy!');
  });
});

describe('what it cannot start with, as its own log says it', () => {
  let archive: string;

  /** The real engine, and beside it files that are no models. */
  beforeAll(async () => {
    const files = join(lab.folder, 'odd');
    await mkdir(files);
    await promisify(execFile)('tar', ['-xzf', lab.bundle.path, '-C', files]);
    const model = await readFile(lab.model);
    await writeFile(join(files, 'cut.gguf'), model.subarray(0, 100_000));
    await writeFile(join(files, 'pointer.gguf'), 'version https://git-lfs.github.com/spec/v1\n');
    await writeFile(join(files, 'page.gguf'), '<!DOCTYPE html><html></html>');
    await writeFile(join(files, 'good.gguf'), model);
    archive = join(lab.folder, 'odd.tar.gz');
    await promisify(execFile)('tar', ['-czf', archive, '-C', files, '.']);
  });

  const good = '-m $FILES/good.gguf --alias odd';
  it.each([
    ['model.truncated', '', '--host $SOCKET -m $FILES/cut.gguf', /not within the file bounds/],
    ['model.not-gguf', '', '--host $SOCKET -m $FILES/pointer.gguf', /'vers', expected 'GGUF'/],
    ['model.not-gguf', '', '--host $SOCKET -m $FILES/page.gguf', /'<!DO', expected 'GGUF'/],
    ['model.unreadable', '', '--host $SOCKET -m $FILES/absent.gguf', /No such file or directory/],
    ['engine.bad-argument', '', `--host $SOCKET ${good} --no-such-thing`, /--no-such-thing/],
    ['engine.memory', 'ulimit -v 4000000;', `--host $SOCKET ${good} -c 9000000 --parallel 1`, /allocate/],
    ['engine.port-busy', ': $SOCKET;', `--host 127.0.0.1 --port 22 ${good}`, /port: 22/],
    ['engine.no-model', '', '--host $SOCKET', /serves no model/],
    ['engine.no-model', '', '--host $SOCKET -hf nobody/nothing', /exactly one out metadata/],
  ])('%s: %s llama-server %s', async (code, before, words, cause) => {
    const connection = await connectAs(host, 'guest', lab.folder);
    const start = `${before} exec $FILES/bin/llama-server ${words} --offline --no-ui --threads 1`;
    const params = { name: 'odd', service: 'user', start, probe: '/health' };
    const error = await failure(deployStarted({ site: siteOf(connection), archive, params }));
    console.log(`${code}: ${error.message}`);
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(cause)]);
    await connection.close();
  });
});

describe('a disk that fills up while the model is on its way', () => {
  it('is told with what is free, and the rest is sent when there is room', async () => {
    await mountState(crowded, 'guest', 'size=200m');
    const connection = await connectAs(crowded, 'guest', lab.folder);
    const site = siteOf(connection);
    const shape = { dimension: 512, feedForward: 2048, layers: 3, heads: 8 };
    const model = await tinyModel(lab.folder, 'large.gguf', shape);
    const { bundle } = lab;
    const fill = 'dd if=/dev/zero of=/home/guest/.local/state/full bs=1M 2>/dev/null; true';
    // it was looked at before, and there was room
    const filled = Promise.withResolvers<unknown>();
    const onStep = (name: string): void => {
      if (name === 'payload') filled.resolve(onHost(crowded, fill));
    };
    const putAfter = {
      ...site,
      put: async (wish: Parameters<typeof site.put>[0]) => {
        await filled.promise;
        return await site.put(wish);
      },
    };
    const error = await failure(deployTiny({ site: putAfter, bundle, model, onStep }));
    console.log(`${error.code}: ${error.message}`);
    expect(error.code).toBe('host.disk-full');
    await onHost(crowded, 'rm /home/guest/.local/state/full');
    expect((await deployTiny({ site, bundle, model })).answer).toMatch(/^Ahoy/);
    await connection.close();
  });
});
