import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { inspect } from '../../src/engines/deploy/inspect.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import { connectAs, deployTiny, type ModelLab, openModelLab, siteOf } from './model-lab.ts';
import { failure, signal } from './ssh-client.ts';

/** A model server whose program goes bad, watched by a person. */
let lab: ModelLab;
let host: LabHost;
const ENGINES = '/home/guest/.local/state/deckhand/engines';

beforeAll(async () => {
  lab = await openModelLab([33]);
  [host] = lab.hosts as [LabHost];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

/** `deckhand model logs -f`, as it prints. */
async function followLog(): Promise<{ readonly child: ChildProcess; readonly text: () => string }> {
  const { folder } = lab;
  const words = ['model', 'logs', '-f', '--lines', '3', ...lab.asGuest, `${host.name}/tiny`];
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/bin.ts'), ...words], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_STATE_HOME: join(folder, 'state'),
      XDG_CONFIG_HOME: join(folder, 'config'),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout?.on('data', (piece: Buffer) => (text += piece.toString()));
  return { child, text: () => text };
}

describe('a unit whose program dies at every start', () => {
  it('is named a crash loop with its last words, is followed through it, and is mended by the next deployment', async () => {
    await onHost(host, 'loginctl enable-linger guest');
    const { bundle, model } = lab;
    const connection = await connectAs(host, 'guest', lab.folder);
    const site = siteOf(connection);
    const { deployment } = await deployTiny({ site, bundle, model });
    expect(deployment.service).toBe('user');
    const log = await followLog();
    await until('the log is told', 150_000, () => Promise.resolve(log.text().length > 0 || undefined));
    // the last lines and what came since, not all of it
    const begins = await onHost(host, 'head -n 1 /home/guest/.local/state/deckhand/llm/tiny/current/log');
    expect(begins.trim()).not.toBe('');
    expect(log.text()).not.toContain(begins);

    const program = `$(echo ${ENGINES}/*/bin/llama-server)`;
    await onHost(
      host,
      `p=${program}; mv "$p" "$p.good"; printf '#!/bin/sh\\necho "strange end 42" >&2\\nexit 3\\n' > "$p"; chmod 755 "$p"; pkill -KILL -x llama-server`,
    );
    const watch = { site, name: 'tiny', clock: systemClock, signal };
    const status = await until('it is given up', 150_000, async () => {
      const seen = await inspect(watch);
      return seen.state === 'failed' ? seen : undefined;
    });
    expect(status).toMatchObject({
      state: 'failed',
      readiness: 'failed',
      problem: { code: 'engine.crash-loop' },
    });
    expect(status.problem?.message).toMatch(
      /ended \d times soon after its start.*last words: strange end 42/,
    );
    await until('the log told of it', 150_000, () =>
      Promise.resolve(log.text().includes('strange end 42') || undefined),
    );

    const error = await failure(deployTiny({ site, bundle, model }));
    expect(error).toMatchObject({ code: 'engine.crash-loop' });
    expect(error.message).toContain('strange end 42');
    // the log of a start is begun anew, and followed all the same
    await onHost(host, `p=${program}; mv -f "$p.good" "$p"`);
    const before = log.text().length;
    expect((await deployTiny({ site, bundle, model })).answer).toMatch(/^Ahoy/);
    await until('the log of the new start is told', 150_000, () =>
      Promise.resolve(/listening/.test(log.text().slice(before)) || undefined),
    );
    const ended = new Promise(resolve => log.child.once('exit', resolve));
    log.child.kill('SIGINT');
    await ended;
    await connection.close();
  });
});

describe('a server that accepts connections and says nothing', () => {
  it('is told as such, each endpoint with its reason, after one limit for all of them (L18)', async () => {
    const { bundle, model } = lab;
    const connection = await connectAs(host, 'guest', lab.folder);
    const site = siteOf(connection);
    await deployTiny({ site, bundle, model });
    await onHost(host, 'pkill -STOP -x llama-server');
    const began = systemClock.monotonic();
    const status = await inspect({ site, name: 'tiny', clock: systemClock, signal });
    console.log(`looked for ${Math.round(systemClock.monotonic() - began)} ms`);
    const error = { code: 'engine.down', message: 'It did not answer within 10 seconds.' };
    expect(status).toMatchObject({
      state: 'active',
      readiness: 'failed',
      models: [],
      abilities: null,
      problem: {
        code: 'engine.down',
        message: `${host.name}: the service of tiny is active, and /health, /v1/models, /metrics gave no answer: It did not answer within 10 seconds.`,
      },
      endpoints: [
        { path: '/health', status: null, error },
        { path: '/v1/models', status: null, error },
        { path: '/metrics', status: null, error },
        { path: '/v1/chat/completions', status: null, notAsked: 'nothing answers' },
      ],
    });
    await onHost(host, 'pkill -CONT -x llama-server');
    const watch = { site, name: 'tiny', clock: systemClock, signal };
    expect(await inspect(watch)).toMatchObject({ readiness: 'ready', problem: null, models: ['tiny'] });
    await connection.close();
  });
});

describe('a server that forbids forwarding', () => {
  it.each([
    ['socket', 'AllowStreamLocalForwarding'],
    ['port', 'AllowTcpForwarding'],
  ])('is named as what it is, for a %s', async (listen, option) => {
    const { bundle, model } = lab;
    await host.mod('sshd', `${option} no`);
    const connection = await connectAs(host, 'guest', lab.folder);
    const params = { listen, name: 'walled' };
    const error = await failure(deployTiny({ site: siteOf(connection), bundle, model, params }));
    expect(error).toMatchObject({ code: 'tunnel.forward-denied' });
    expect(await onHost(host, 'ls /home/guest/.local/state/deckhand/llm/walled/releases')).toBe('');
    await connection.close();
    await host.mod('sshd', `${option} yes`);
  });
});

describe("an archive of llama.cpp's own releases", () => {
  it('is made a bundle, deployed, and serves', async () => {
    const { folder, model, bundle } = lab;
    const archive = join(folder, 'llama-b9999-bin-ubuntu-x64.tar.gz');
    // a real engine laid out as upstream does, in one folder, started by a loader that lies outside of it
    const lay = `set -e; cd "$1"; mkdir up llama-b9999; tar -xzf "$2" -C up; cd up/lib
      p=/opt/system/ld-linux-x86-64.so.2; o=${bundle.manifest.relocation?.offset ?? 0}
      { printf '%s' "$p"; head -c 100 /dev/zero; } | dd of=llama-server bs=1 seek=$o conv=notrunc 2>/dev/null
      tar -czf ../../system.tar.gz ld-linux-x86-64.so.2; mv llama-server lib*.so* ../../llama-b9999; cd ../..
      echo MIT > llama-b9999/LICENSE; tar -czf "$3" llama-b9999; sha256sum "$3"`;
    const { stdout } = await promisify(execFile)('sh', ['-c', lay, 'sh', folder, bundle.path, archive]);
    const sha256 = stdout.slice(0, 64);
    const system = await readFile(join(folder, 'system.tar.gz'), 'base64');
    const unpack = 'mkdir -p /opt/system && base64 -d | tar -xz -C /opt/system';
    expect((await host.run(unpack, { input: system })).code).toBe(0);

    const own = join(folder, 'own.tar.gz');
    const made = await lab.deckhand(
      'model',
      'bundle',
      '--archive',
      archive,
      '--sha256',
      sha256,
      '--output',
      own,
    );
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining('b9999') as string]);
    const words = ['--bundle', own, '--name', 'upstream', '--threads', '1'];
    const deployed = await lab.deckhand('model', 'deploy', ...lab.asGuest, host.name, model, ...words);
    expect(deployed.stderr).not.toContain('error');
    expect(deployed.stdout).toContain('it says: Ahoy!');
    const unpinned = await lab.deckhand('model', 'bundle', '--archive', archive);
    expect([unpinned.code, unpinned.stderr]).toEqual([2, expect.stringContaining('go together') as string]);
  });
});
