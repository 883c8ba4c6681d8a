import { type ChildProcess, spawn } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Deployment } from '../src/core/model-params.ts';
import { realBundle } from '../test/e2e/model-lab.ts';
import { makeTinyModel } from '../test/model/tiny-model.ts';
import { deployTimes } from './deploy-times.ts';
import { BENCH_HOSTS, expectCode, type LabLink, openLab, runProgram } from './lab-link.ts';
import { alsoWhenCut } from './on-cut.ts';
import { inTurns, type Question } from './question.ts';

const DECKHAND = join(import.meta.dirname, '../src/bin.ts');
/** Tokens of an answer, and answers of each way. */
const TOKENS = 200;
const ROUNDS = 30;

/** The body of each request. */
const QUESTION = JSON.stringify({
  model: 'slow',
  messages: [{ role: 'user', content: 'hi' }],
  stream: true,
  temperature: 0,
  ignore_eos: true,
  max_tokens: TOKENS,
});

/** Where an OpenAI-compatible server is asked. */
interface Address {
  readonly url: string;
  readonly key: string;
}

export const question: Question = {
  id: 'P15',
  title:
    'A chat: from nothing to its answer, and what tunnel and endpoint add to the first token and to each one, beside `ssh -L` to the same server',
  verified: `every answer had the ${TOKENS} tokens that were asked for; both ways by the same client; a first deployment sent something, a second one nothing.`,
  peers: ['ssh -V', 'curl --version'],
  async run({ quick }) {
    await using lab = await openLab(BENCH_HOSTS.slice(0, 1));
    const deckhand = commandOf(lab);
    const peerChild: { current: ChildProcess | null } = { current: null };
    const close = alsoWhenCut(async () => {
      peerChild.current?.kill();
      await deckhand('daemon', 'stop');
    });
    try {
      await keepBundle(lab);
      const deployed = await deployTimes(deckhand, lab, quick);
      const ours = await openEndpoint(lab, deckhand);
      const peer = await openPeer(lab, deckhand, peerChild);
      const rests: number[][] = [[], []];
      const works = [ours, peer].map((address, place) => async () => {
        const { first, rest } = await answerTimes(address);
        rests[place]?.push(rest);
        return first;
      });
      await inTurns(2, works);
      for (const rest of rests) rest.splice(0);
      const [firsts = [], peerFirsts = []] = await inTurns(quick ? 2 : ROUNDS, works);
      const curls = [ours, peer].map((address, place) => async () => {
        return await curlTime(address, join(lab.folder, `curl-${place}`));
      });
      const [byCurl = [], peerByCurl = []] = await inTurns(quick ? 2 : ROUNDS, curls);
      return [
        ...deployed,
        {
          title: 'until the first token',
          ours: { what: 'deckhand serve', times: firsts },
          peer: { what: 'ssh -L to the socket', times: peerFirsts },
          target: { kind: 'added', atMost: 5 },
        },
        {
          title: `the other ${TOKENS - 1} tokens`,
          ours: { what: 'deckhand serve', times: rests[0] ?? [] },
          peer: { what: 'ssh -L to the socket', times: rests[1] ?? [] },
          target: { kind: 'within', atMost: 1.02 },
        },
        {
          title: 'the whole answer, by curl',
          ours: { what: 'curl to deckhand serve', times: byCurl },
          peer: { what: 'curl through ssh -L', times: peerByCurl },
        },
      ];
    } finally {
      await close();
    }
  },
};

type Deckhand = (...words: readonly string[]) => Promise<string>;

function commandOf(lab: LabLink): Deckhand {
  const places = Object.fromEntries(
    ['CACHE', 'STATE', 'CONFIG'].map(name => [`XDG_${name}_HOME`, join(lab.folder, name.toLowerCase())]),
  );
  return async (...words) => {
    const outcome = await runProgram(
      process.execPath,
      [DECKHAND, ...words],
      { ...places, HOME: lab.folder },
      lab.folder,
    );
    expectCode(outcome.code, 0, `deckhand ${words[0]}`);
    return outcome.stdout;
  };
}

/** Where the command line looks for the engine: making it is no part of a deployment. */
async function keepBundle(lab: LabLink): Promise<void> {
  const bundles = join(lab.folder, 'cache/deckhand/bundles');
  await mkdir(bundles, { recursive: true });
  await copyFile((await realBundle()).path, join(bundles, 'llama.cpp-forky-slim.tar.gz'));
}

async function openEndpoint(lab: LabLink, deckhand: Deckhand): Promise<Address> {
  const model = join(lab.folder, 'slow.gguf');
  const shape = { dimension: 256, feedForward: 1024, layers: 4, heads: 8, context: 4096 };
  await writeFile(model, makeTinyModel(shape));
  const reach = ['--ssh-config', lab.configFile];
  await deckhand('model', 'deploy', ...reach, lab.hosts[0]?.name ?? '', model, '--threads', '1');
  const told = JSON.parse(await deckhand('serve', '--detach', '--port', '0', ...reach, '--json')) as {
    readonly endpoint: { readonly url: string; readonly tokenFile: string };
  };
  return { url: told.endpoint.url, key: (await readFile(told.endpoint.tokenFile, 'utf8')).trim() };
}

async function openPeer(
  lab: LabLink,
  deckhand: Deckhand,
  child: { current: ChildProcess | null },
): Promise<Address> {
  const [host] = lab.hosts;
  if (!host) throw new Error('no host');
  const { deployments } = JSON.parse(await deckhand('model', 'list', '--json')) as {
    readonly deployments: readonly Deployment[];
  };
  const [deployment] = deployments;
  if (!deployment || !('path' in deployment.listen)) throw new Error('no socket');
  const port = await freePort();
  const forward = ['-N', '-L', `127.0.0.1:${port}:${deployment.listen.path}`];
  child.current = spawn('ssh', [...forward, ...lab.sshWords(host.name)], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}/v1`;
  const { stdout } = await host.run(`cat ${deployment.keyFile}`);
  for (let look = 0; look < 200; look += 1) {
    const up = await fetch(`${url}/models`, { headers: { authorization: `Bearer ${stdout.trim()}` } }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (up) return { url, key: stdout.trim() };
    await pause(50);
  }
  throw new Error('ssh -L never served');
}

/** Milliseconds to the first token, and from there to the end. */
async function answerTimes({
  url,
  key,
}: Address): Promise<{ readonly first: number; readonly rest: number }> {
  const begun = performance.now();
  const response = await fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: QUESTION,
  });
  let first = 0;
  let text = '';
  const decoder = new TextDecoder();
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece as Uint8Array, { stream: true });
    if (first === 0 && /"content":"/.test(text)) first = performance.now();
  }
  expectAll(text);
  return { first: first - begun, rest: performance.now() - first };
}

function expectAll(text: string): void {
  const count = text.match(/"content":"/g)?.length ?? 0;
  if (count !== TOKENS) throw new Error(`${count} tokens of ${TOKENS}: ${text.slice(0, 200)}`);
}

/** Milliseconds of the whole answer, as curl counts them: without its own start. The key is in no argument. */
async function curlTime({ url, key }: Address, file: string): Promise<number> {
  const lines = [
    `url = ${url}/chat/completions`,
    `header = "authorization: Bearer ${key}"`,
    'header = "content-type: application/json"',
    `data = ${JSON.stringify(QUESTION)}`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  const { code, stdout, stderr } = await runProgram('curl', [
    '-sSN',
    '-K',
    file,
    '-w',
    '%{stderr}%{time_total}',
  ]);
  expectCode(code, 0, 'curl');
  expectAll(stdout);
  return Number(stderr) * 1000;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  return port;
}
