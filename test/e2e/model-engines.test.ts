import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { DeployResult } from '../../src/core/model-params.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import {
  connectAs,
  deployStarted,
  hurriedClock,
  manifestOf,
  type ModelLab,
  openModelLab,
  siteOf,
} from './model-lab.ts';
import { failure } from './ssh-client.ts';

/** Model servers of other kinds, deployed to a real host by an account that has nothing but sshd and lingers. */
let lab: ModelLab;
let host: LabHost;
let before: string;
let moody: string;
const STAND_INS = join(import.meta.dirname, '../engines/stand-ins');
const ENGINES = '/home/guest/.local/state/deckhand/engines';
/** The real llama-server as somebody's own program. */
const OWN =
  'exec $FILES/bin/llama-server --host $SOCKET --model $MODEL --alias $NAME --api-key-file $KEY_FILE --threads 1 --offline --no-ui';
const MOODY = 'MOODS=$FILES exec perl $FILES/moody-server.pl';

beforeAll(async () => {
  lab = await openModelLab([125]);
  [host] = lab.hosts as [LabHost];
  await onHost(host, 'loginctl enable-linger guest');
  before = await manifestOf(host);
  moody = join(lab.folder, 'moody.tar.gz');
  await promisify(execFile)('tar', ['-czf', moody, '-C', STAND_INS, 'moody-server.pl']);
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const deckhand = async (first: string, second: string, ...words: readonly string[]) =>
  await lab.deckhand(first, second, ...lab.asGuest, ...words);
const chat = async (model: string) => await lab.deckhand('chat', ...lab.asGuest, '-m', model, 'hi');

async function deployed(...words: readonly string[]): Promise<DeployResult> {
  const { stdout, stderr, code } = await deckhand('model', 'deploy', host.name, ...words, '--json');
  expect([code, stderr]).toEqual([0, expect.any(String)]);
  const { results } = JSON.parse(stdout) as { results: { result: DeployResult }[] };
  return (results[0] as { result: DeployResult }).result;
}

async function isBack(model: string): Promise<string> {
  return await until(`${model} answers again`, 240_000, async () => {
    const { stdout, code } = await chat(model);
    return code === 0 ? stdout : undefined;
  });
}

describe('a start command of my own', () => {
  it('is deployed, proved, sent once, back after a power cut, told in its log, and gone (L03 L07 L09 L12 B07)', async () => {
    const words = [lab.model, '--engine', 'command', '--bundle', lab.bundle.path, '--start', OWN];
    const first = await deployed(...words, '--probe', '/health');
    expect(first).toMatchObject({ warnings: [], deployment: { engine: 'command', service: 'user' } });
    expect(first.answer).toMatch(/^Ahoy!/);
    expect(first.deployment.listen).toEqual({ path: expect.stringMatching(/live\.sock$/) as string });
    const again = await deployed(...words, '--probe', '/health');
    expect(again.uploaded).toBe(0);
    expect(again.steps.filter(({ outcome }) => outcome === 'skipped').map(({ name }) => name)).toEqual([
      'payload',
      'start',
    ]);
    expect((await chat('tiny')).stdout).toMatch(/^Ahoy!/);
    await host.stop();
    await host.start();
    expect(await isBack('tiny')).toMatch(/^Ahoy!/);
    const shown = await deckhand('model', 'show', `${host.name}/tiny`);
    expect(shown.stdout).toMatch(/tiny ready\n[\s\S]*\/health +200/);
    expect((await deckhand('model', 'logs', `${host.name}/tiny`)).stdout).toContain('listening');
    await deckhand('model', 'remove', `${host.name}/tiny`);
    expect(await manifestOf(host)).toBe(before);
  });

  it('that cannot work is refused before any host is spoken to', async () => {
    const wrong = [['--start', 'serve'], []];
    for (const words of wrong) {
      const said = await deckhand(
        'model',
        'deploy',
        'no-such.invalid',
        '--engine',
        'command',
        '--name',
        'x',
        ...words,
      );
      expect([said.code, said.stderr]).toEqual([2, expect.stringContaining('input.invalid') as string]);
    }
  });
});

describe('an engine that is not what was deployed', () => {
  const tried = async (
    start: string,
    params: object = {},
    clock = systemClock,
  ): Promise<{ code: string; message: string }> => {
    const connection = await connectAs(host, 'guest', lab.folder);
    const wish = { name: 'odd', service: 'user', start, ...params };
    const error = await failure(
      deployStarted({ site: siteOf(connection), archive: moody, clock, params: wish }),
    );
    const odd = '/home/guest/.local/state/deckhand/llm/odd';
    expect(await onHost(host, `ls ${odd}/releases ${odd}/run | grep -v :; true`)).toBe('\n');
    await deckhand('model', 'remove', `${host.name}/odd`);
    await connection.close();
    return error;
  };

  it('but listens on another port fails the deployment, and is told where it listens (T09)', async () => {
    // what listens must have begun to before it is given up
    const error = await tried(`PORT=9544 ${MOODY}`, { port: 9543 }, hurriedClock(3));
    expect(error).toMatchObject({
      code: 'engine.loading-timeout',
      message: expect.stringContaining('it listens on 127.0.0.1:9544, and not on 127.0.0.1:9543') as string,
    });
  });

  it('because another program answers at its port fails the deployment (T09)', async () => {
    const start = `systemd-run --user --collect --unit=other env PORT=$PORT NAME=$NAME perl $FILES/moody-server.pl; exec sleep 1000`;
    const error = await tried(start);
    expect(error).toMatchObject({
      code: 'engine.failed',
      message: expect.stringContaining('is not the engine that was started for odd') as string,
    });
    await onHost(host, 'pkill -u guest -f "[m]oody-server"');
  });

  it('hangs at its start is given up, with what is known of it', async () => {
    expect(await tried('exec sleep 1000 $PORT', {}, hurriedClock(10))).toMatchObject({
      code: 'engine.loading-timeout',
    });
  });

  it('listens for everybody is not deployed (T17)', async () => {
    const error = await tried(`BIND=0.0.0.0 ${MOODY} $PORT`);
    expect(error).toMatchObject({ code: 'engine.open' });
    expect(error.message).toContain('0.0.0.0:');
  });

  it('lets everybody in although a key was meant is not deployed (T17)', async () => {
    const error = await tried(`: $KEY_FILE; ${MOODY} $SOCKET`);
    expect(error).toMatchObject({
      code: 'engine.open',
      message: expect.stringContaining('without a key') as string,
    });
  });
});

describe('a server that goes bad after it was deployed', () => {
  const mood = async (word: string): Promise<void> =>
    void (await onHost(host, `for d in ${ENGINES}/*/; do echo ${word} > "$d/mood"; done`));

  it('and stops its stream in the middle of an event, or answers with a page, is told typed', async () => {
    const words = [
      '--engine',
      'command',
      '--bundle',
      moody,
      '--name',
      'moody',
      '--start',
      `${MOODY} $SOCKET`,
    ];
    expect((await deployed(...words)).answer).toBe('Ahoy');
    expect((await chat('moody')).stdout).toBe('Ahoy\n');
    await mood('cut');
    const cut = await chat('moody');
    expect([cut.code, cut.stderr]).toEqual([
      1,
      expect.stringMatching(/error chat\.cut: .*broke off after \d+ bytes/) as string,
    ]);
    await mood('page');
    const page = await chat('moody');
    expect(page.stderr).toContain('chat.malformed');
    const again = await deckhand('model', 'deploy', host.name, ...words);
    expect(again.stderr).toMatch(/error engine\.failed: .*no JSON/);
    await deckhand('model', 'remove', `${host.name}/moody`);
  });
});

describe('Ollama, by a stand-in that speaks its documented API in front of the real llama-server', () => {
  let archive: string;
  beforeAll(async () => {
    archive = join(lab.folder, 'ollama-linux-amd64.tgz');
    const lay = `set -e; mkdir -p "$1/up/bin" "$1/up/lib/ollama"; cp "$2" "$1/up/bin/ollama"; chmod 755 "$1/up/bin/ollama"
      tar -xzf "$3" -C "$1/up/lib/ollama"; tar -czf "$4" -C "$1/up" bin lib`;
    const stand = join(STAND_INS, 'ollama.pl');
    await promisify(execFile)('sh', ['-c', lay, 'sh', lab.folder, stand, lab.bundle.path, archive]);
  });

  it('is deployed with a model file, sent once, chatted with, back after a power cut, and gone (L03 L07 L12 B07)', async () => {
    const words = [lab.model, '--engine', 'ollama', '--bundle', archive, '--context', '512'];
    const first = await deployed(...words);
    expect(first.deployment).toMatchObject({ engine: 'ollama', version: '0.0.0-stand-in', service: 'user' });
    expect(first.answer).toMatch(/^Ahoy!/);
    expect(first.warnings).toEqual([expect.stringContaining('Ollama knows no key') as string]);
    expect((await deployed(...words)).uploaded).toBe(0);
    // the model is there once, with two names
    expect(await onHost(host, 'find /home/guest -size +100k -name "*[0-9a-f]*" -links 2 | wc -l')).toBe(
      '2\n',
    );
    const listening = await onHost(host, `awk 'FNR>1 && $4=="0A" {print $2}' /proc/net/tcp /proc/net/tcp6`);
    expect(listening.split('\n').filter(line => line.endsWith(':26CB'))).toEqual(['0100007F:26CB']);
    await host.stop();
    await host.start();
    expect(await isBack('tiny')).toMatch(/^Ahoy!/);
    await deckhand('model', 'remove', `${host.name}/tiny`);
    expect(await manifestOf(host)).toBe(before);
  });

  it('that cannot fetch a model, for want of internet, says so and leaves nothing that runs', async () => {
    const words = ['--engine', 'ollama', '--bundle', archive, '--pull', 'llama3.2:1b'];
    const said = await deckhand('model', 'deploy', host.name, ...words);
    expect(said.stderr).toMatch(/error engine\.no-model: .*no such host/);
    expect(await onHost(host, 'pgrep -u guest -f "[o]llama serve"; true')).toBe('');
    await deckhand('model', 'remove', `${host.name}/llama3.2-1b`);
  });
});
