import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Bundle } from '../../src/engines/bundle/manifest.ts';
import { localSite } from '../../src/engines/deploy/local-site.ts';
import { remove } from '../../src/engines/deploy/remove.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { connectAs, deployTiny, everythingIn, type ModelLab, openModelLab, siteOf } from './model-lab.ts';
import { signal } from './ssh-client.ts';

/** Real model servers that Deckhand did not start, as far as it knows. */
let lab: ModelLab;
let folder: string;
let bundle: Bundle;
let host: LabHost;
let model: string;
let reach: readonly string[];

beforeAll(async () => {
  lab = await openModelLab([34]);
  ({ folder, bundle, model } = lab);
  [host] = lab.hosts as [LabHost];
  reach = ['--ssh-config', lab.fleet.surroundings.sshConfigFile ?? ''];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const deckhand: ModelLab['deckhand'] = async (...words) => await lab.deckhand(...words);

describe('a server on a host, behind a key', () => {
  it('is connected through SSH, shown, chatted with, seen to be down, and forgotten (L18 L22 T17)', async () => {
    const connection = await connectAs(host, 'guest', folder);
    const params = { listen: 'port', port: 8000, service: 'detached' };
    const { deployment } = await deployTiny({ site: siteOf(connection), bundle, model, params });
    const key = (await onHost(host, `cat ${deployment.keyFile}`)).trim();
    const place = [...reach, host.name];

    const refused = await deckhand('model', 'connect', ...place);
    expect([refused.code, refused.stderr]).toEqual([
      expect.any(Number),
      expect.stringContaining('engine.key-rejected'),
    ]);
    const keyFile = join(folder, 'their.key');
    await writeFile(keyFile, key, { mode: 0o600 });
    const connected = await deckhand('model', 'connect', ...place, '--key-file', keyFile, '--name', 'theirs');
    expect(connected.stderr).not.toContain('error');
    expect(connected.stdout).toMatch(/lab-34\/theirs connected, ready\n +engine +llama\.cpp/);

    const shown = await deckhand('model', 'show', ...reach, `${host.name}/theirs`);
    expect(shown.stdout).toMatch(/theirs ready\n[\s\S]*models +tiny\n/);
    for (const path of ['/health', '/v1/models', '/v1/chat/completions'])
      expect(shown.stdout).toMatch(new RegExp(`${path} +200, \\d+ ms`));
    const listed = await deckhand('model', 'list', ...reach, '--check');
    expect(listed.stdout).toMatch(
      /theirs +lab-34 +tiny +- +attached +http:\/\/127\.0\.0\.1:8000 +llama\.cpp +ready \d+ \/ \d+ \/ \d+ ms/,
    );
    const chat = await deckhand('chat', ...reach, '-m', 'tiny', 'hi');
    expect(chat.stdout).toMatch(/^Ahoy!/);

    await onHost(host, 'pkill -KILL -f "[k]eep.sh"; pkill -KILL -x llama-server');
    const down = await deckhand('model', 'show', ...reach, `${host.name}/theirs`);
    expect(down.stdout).toMatch(/theirs down\n/);
    const gone = await deckhand('model', 'disconnect', ...reach, `${host.name}/theirs`);
    expect(gone.stdout).toBe('lab-34/theirs is disconnected\n');
    expect((await deckhand('model', 'list')).stdout).toContain('no model servers');
    expect(await readFile(keyFile, 'utf8')).toBe(key);
    expect((await everythingIn(join(folder, 'state'))).includes(key)).toBe(false);
    await connection.close();
  });
});

describe('a server at an address', () => {
  it('is connected from this machine, and one that is not there is named', async () => {
    const base = join(folder, 'theirs');
    const site = localSite({ ...process.env, DECKHAND_BASE: base });
    // none of those that the kernel gives to whoever asks for any: seconds go by until the server listens
    const port = 20_000 + (process.pid % 10_000);
    await deployTiny({ site, bundle, model, params: { listen: 'port', port, service: 'detached' } });
    const keyFile = join(base, 'llm/tiny/apikey');
    const words = [`http://127.0.0.1:${port}/v1`, '--key-file', keyFile];
    expect((await deckhand('model', 'connect', ...words)).stdout).toMatch(
      /^local\/llama\.cpp connected, ready/,
    );
    expect((await deckhand('chat', '-m', 'tiny', 'hi')).stdout).toMatch(/^Ahoy!/);
    await remove({ site, name: 'tiny', owner: 'task-9', clock: systemClock, signal, keepFiles: false });
    expect((await deckhand('model', 'show', 'local/llama.cpp')).stdout).toMatch(/llama\.cpp (down|key)/);
    const absent = await deckhand('model', 'connect', `http://127.0.0.1:${port}`, '--name', 'absent');
    expect(absent.stderr).toMatch(
      new RegExp(`engine\\.down: local: no model server answers at 127\\.0\\.0\\.1:${port}`),
    );
    expect((await deckhand('model', 'disconnect', 'local/llama.cpp')).code).toBe(0);
    expect((await deckhand('model', 'disconnect', 'local/llama.cpp')).stderr).toContain(
      'model.unknown-deployment',
    );
  });
});
