import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
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
    await until('the log is told', 60_000, () => Promise.resolve(log.text().length > 0 || undefined));
    expect(log.text().trim().split('\n').length).toBeLessThanOrEqual(3);

    const program = `$(echo ${ENGINES}/*/bin/llama-server)`;
    await onHost(
      host,
      `p=${program}; mv "$p" "$p.good"; printf '#!/bin/sh\\necho "strange end 42" >&2\\nexit 3\\n' > "$p"; chmod 755 "$p"; pkill -KILL -x llama-server`,
    );
    const watch = { site, name: 'tiny', clock: systemClock, signal };
    const status = await until('it is given up', 60_000, async () => {
      const seen = await inspect(watch);
      return seen.problem === null ? undefined : seen;
    });
    expect(status).toMatchObject({
      state: 'failed',
      readiness: 'failed',
      problem: { code: 'engine.crash-loop' },
    });
    expect(status.problem?.message).toMatch(
      /ended \d times soon after its start.*last words: strange end 42/,
    );
    await until('the log told of it', 60_000, () =>
      Promise.resolve(log.text().includes('strange end 42') || undefined),
    );

    const error = await failure(deployTiny({ site, bundle, model }));
    expect(error).toMatchObject({ code: 'engine.crash-loop' });
    expect(error.message).toContain('strange end 42');
    // the log of a start is begun anew, and followed all the same
    await onHost(host, `p=${program}; mv -f "$p.good" "$p"`);
    const before = log.text().length;
    expect((await deployTiny({ site, bundle, model })).answer).toMatch(/^Ahoy/);
    await until('the log of the new start is told', 60_000, () =>
      Promise.resolve(/listening/.test(log.text().slice(before)) || undefined),
    );
    const ended = new Promise(resolve => log.child.once('exit', resolve));
    log.child.kill('SIGINT');
    await ended;
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
