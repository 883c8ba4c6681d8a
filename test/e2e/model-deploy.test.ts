import { access, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { Bundle } from '../../src/engines/bundle/manifest.ts';
import { inspect } from '../../src/engines/deploy/inspect.ts';
import { layoutOf } from '../../src/engines/deploy/layout.ts';
import { localSite } from '../../src/engines/deploy/local-site.ts';
import { remove } from '../../src/engines/deploy/remove.ts';
import { rollback } from '../../src/engines/deploy/rollback.ts';
import { readKey } from '../../src/engines/deploy/run-checked.ts';
import type { Site } from '../../src/engines/deploy/site.ts';
import { engineHttp } from '../../src/engines/engine-http.ts';
import { generate } from '../../src/engines/generate.ts';
import { engineConformance } from '../engines/conformance.ts';
import { until } from '../faults/fault.ts';
import { onHost } from '../faults/lab-fleet.ts';
import type { LabHost } from '../lab/lab.ts';
import {
  connectAs,
  deployTiny,
  everythingIn,
  manifestOf,
  type ModelLab,
  mountState,
  openModelLab,
  siteOf,
  tinyModel,
} from './model-lab.ts';
import { failure, signal } from './ssh-client.ts';

/** A real model server on booted hosts, by accounts that have nothing but sshd. */
let lab: ModelLab;
let folder: string;
let bundle: Bundle;
let plain: LabHost;
let lasting: LabHost;
let crowded: LabHost;
let model: string;
const BASE = '/home/guest/.local/state/deckhand';

beforeAll(async () => {
  lab = await openModelLab([30, 127, 32]);
  ({ folder, bundle, model } = lab);
  [plain, lasting, crowded] = lab.hosts as [LabHost, LabHost, LabHost];
});
afterAll(async () => await lab?.[Symbol.asyncDispose]());

async function guestSite(host: LabHost): Promise<Site & AsyncDisposable> {
  const connection = await connectAs(host, 'guest', folder);
  return { ...siteOf(connection), [Symbol.asyncDispose]: async () => await connection.close() };
}

/** One chat with what serves at the lasting address of a deployment. */
async function say(site: Site): Promise<string> {
  const layout = layoutOf(BASE, 'tiny');
  const http = engineHttp(async dialSignal => await site.dial({ path: layout.live }, dialSignal));
  const ask = { http, key: await readKey(site, layout, signal), signal };
  return (await generate(ask, '/v1/chat/completions', { model: 'tiny', tokens: 30 })).text;
}

async function removeTiny(site: Site, owner = 'task-9'): Promise<void> {
  await remove({ site, name: 'tiny', owner, clock: systemClock, signal, keepFiles: false });
}

describe('a pristine host, an account without sudo, no internet', () => {
  let before: string;

  it('serves the model, proved, and asked again sends nothing (L03 L04 L05 L06 L08 L09 B07)', async () => {
    await plain.mod('nopython');
    await onHost(plain, 'ip route del default; rm -f /usr/bin/curl /usr/bin/wget');
    before = await manifestOf(plain);
    const words = ['model', 'deploy', ...lab.asGuest, plain.name, model, '--threads', '1'];
    const first = await lab.deckhand(...words);
    expect(first.stdout).toContain('it says: Ahoy! This is the tiny test model of');
    expect(first.code).toBe(0);
    const again = await lab.deckhand(...words, '--json');
    const { results } = JSON.parse(again.stdout) as {
      results: { result: { uploaded: number; steps: object[] } }[];
    };
    expect(results[0]?.result.uploaded).toBe(0);
    expect(results[0]?.result.steps).toMatchObject([
      { name: 'connect' },
      { name: 'preflight' },
      { name: 'directory' },
      { name: 'payload', outcome: 'skipped' },
      { name: 'start', outcome: 'skipped' },
      { name: 'verify' },
      { name: 'done' },
    ]);
    expect((await lab.deckhand('model', 'list')).stdout).toContain('tiny.gguf');
  });

  it('listens for nobody outside, and keeps its key to itself (T05 T17)', async () => {
    const listeners = await onHost(
      plain,
      'awk \'FNR>1 && $4=="0A" {print $2}\' /proc/net/tcp /proc/net/tcp6',
    );
    expect(listeners.split('\n').filter(line => line !== '' && !line.endsWith(':0016'))).toEqual([]);
    const key = (await onHost(plain, `cat ${BASE}/llm/tiny/apikey`)).trim();
    expect(key).toMatch(/^[0-9a-f]{48}$/);
    expect(await onHost(plain, `stat -c '%a %U' ${BASE}/llm/tiny/apikey ${BASE}/llm/tiny/run`)).toBe(
      '600 guest\n700 guest\n',
    );
    const commandLines = await onHost(plain, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '");
    expect(commandLines).toContain('llama-server');
    expect(commandLines).not.toContain(key);
    const kept = await everythingIn(join(folder, 'state'));
    // what is looked through is the store: the deployment's own key file is named in it
    expect(kept.includes(`${BASE}/llm/tiny/apikey`)).toBe(true);
    expect(kept.includes(key)).toBe(false);
  });

  it('shows how it is, and is as before when it is removed (L12 L18)', async () => {
    const shown = await lab.deckhand('model', 'show', ...lab.asGuest, `${plain.name}/tiny`);
    expect(shown.stdout).toMatch(/ready\n[\s\S]*\/health +200/);
    expect(shown.stdout).toMatch(/can +resume, cancel/);
    const removed = await lab.deckhand('model', 'remove', ...lab.asGuest, `${plain.name}/tiny`);
    expect(removed.stdout).toBe(`tiny is gone from ${plain.name}\n`);
    expect(await manifestOf(plain)).toBe(before);
    expect((await lab.deckhand('model', 'list')).stdout).toContain('no model servers');
  });

  it('refuses what is no model before it speaks to any host', async () => {
    const wrong: Readonly<Record<string, string | Buffer>> = {
      'pointer.gguf': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n',
      'page.gguf': '<!DOCTYPE html><html></html>',
      'cut.gguf': (await readFile(model)).subarray(0, 100_000),
    };
    const said = [];
    for (const [name, bytes] of Object.entries(wrong)) {
      await writeFile(join(folder, name), bytes);
      const { code, stderr } = await lab.deckhand(
        'model',
        'deploy',
        'no-such-host.invalid',
        name,
        '--ssh-config',
        '/dev/null',
      );
      said.push([code, /error (\S+):/.exec(stderr)?.[1]]);
    }
    expect(said).toEqual([
      [2, 'model.not-gguf'],
      [2, 'model.not-gguf'],
      [2, 'model.truncated'],
    ]);
  });
});

describe('a deployment that is cut off', () => {
  it('at any script converges when it is tried again, and serves (R01)', async () => {
    await using site = await guestSite(plain);
    let calls = 0;
    let dieAt = Number.POSITIVE_INFINITY;
    const die = (): never => {
      throw new DeckhandError('ssh.connection-lost', 'cut off by the test');
    };
    // from the chosen script on nothing gets through, as when the process was killed: its effect is there, its answer not
    const mortal: Site = {
      ...site,
      async run(script, options) {
        if (calls > dieAt) die();
        calls += 1;
        const answer = await site.run(script, options);
        return calls > dieAt ? die() : answer;
      },
    };
    await deployTiny({ site: mortal, bundle, model });
    const scripts = calls;
    await removeTiny(site);
    const ends: string[] = [];
    for (let at = 1; at < scripts; at += 1) {
      calls = 0;
      dieAt = at;
      // what an earlier one did is not done again, so that later ones may get through
      await deployTiny({ site: mortal, bundle, model }).catch(() => undefined);
      dieAt = Number.POSITIVE_INFINITY;
      if (at % 4 !== 0) continue;
      ends.push((await deployTiny({ site: mortal, bundle, model })).answer.slice(0, 4));
      await removeTiny(site);
    }
    expect(new Set(ends)).toEqual(new Set(['Ahoy']));
    // whoever was cut off last may still have the lock
    await removeTiny(site, 'task-1');
    expect(await onHost(plain, `cd ${BASE} && ls -d llm models engines; pgrep -x llama-server; true`)).toBe(
      '',
    );
  });

  it('at 60 % of the model sends only the rest (L08)', async () => {
    await using site = await guestSite(plain);
    const large = await tinyModel(folder, 'large.gguf', {
      dimension: 512,
      feedForward: 2048,
      layers: 3,
      heads: 8,
    });
    const { length } = await readFile(large);
    await deployTiny({ site, bundle, model, params: { service: 'detached' } });
    const cut = new AbortController();
    const onBytes = (done: number): void => {
      if (done > length * 0.6) cut.abort();
    };
    await failure(deployTiny({ site, bundle, model: large, signal: cut.signal, onBytes }));
    const { uploaded } = await deployTiny({ site, bundle, model: large });
    expect(uploaded).toBeLessThan(length * 0.6);
    expect(uploaded).toBeGreaterThan(0);
    await removeTiny(site);
  });
});

describe('a host that cannot take it', () => {
  const refused = async (mount: string): Promise<DeckhandError> => {
    await mountState(crowded, 'guest', mount);
    await using site = await guestSite(crowded);
    const error = await failure(deployTiny({ site, bundle, model }));
    expect(await onHost(crowded, 'ls /home/guest/.local/state')).toBe('');
    await onHost(crowded, 'umount /home/guest/.local/state');
    return error;
  };

  it('is told so before anything changes, with the numbers', async () => {
    const small = await refused('size=8m');
    expect(small).toMatchObject({ code: 'host.disk-full' });
    expect(small.message).toMatch(/has 8\.0 MiB free; \d+ MiB are needed/);
    expect(await refused('noexec')).toMatchObject({ code: 'host.noexec' });
    await using site = await guestSite(crowded);
    const busy = await failure(deployTiny({ site, bundle, model, params: { port: 22 } }));
    expect(busy).toMatchObject({ code: 'engine.port-busy' });
    const wide = await tinyModel(folder, 'wide.gguf', { dimension: 512, layers: 4 });
    const params = { context: 10_000_000 };
    const huge = await failure(deployTiny({ site, bundle, model: wide, params }));
    expect(huge).toMatchObject({
      code: 'host.memory',
      message: expect.stringMatching(/needs \d+ MiB/) as string,
    });
    const linger = await failure(deployTiny({ site, bundle, model, params: { service: 'user' } }));
    expect(linger).toMatchObject({
      code: 'privilege.needed',
      hint: expect.stringContaining('enable-linger guest') as string,
    });
  });

  it('lets one of two win that deploy at the same time', async () => {
    await using one = await guestSite(crowded);
    await using other = await guestSite(crowded);
    const ends = await Promise.allSettled([
      deployTiny({ site: one, bundle, model, owner: 'task-1' }),
      deployTiny({ site: other, bundle, model, owner: 'task-2' }),
    ]);
    const won = ends.filter(end => end.status === 'fulfilled');
    const lost = ends.flatMap(end => (end.status === 'rejected' ? [(end.reason as DeckhandError).code] : []));
    expect([won.length, lost]).toEqual([1, ['model.deploy-busy']]);
    expect(await say(one)).toMatch(/^Ahoy/);
    const warning = won[0]?.status === 'fulfilled' ? won[0].value.warnings[0] : '';
    expect(warning).toContain('does not survive a reboot');
    await onHost(crowded, 'pkill -KILL -f "[k]eep.sh"; pkill -KILL -x llama-server');
    expect(
      (await deployTiny({ site: one, bundle, model })).steps.find(step => step.name === 'start')?.outcome,
    ).toBe('done');
    expect(await say(one)).toMatch(/^Ahoy/);
    await removeTiny(one);
  });
});

describe('a deployment with a service', () => {
  it('comes back after a crash and after a power cut (L07)', async () => {
    await onHost(lasting, 'loginctl enable-linger guest');
    {
      await using site = await guestSite(lasting);
      const { deployment, warnings } = await deployTiny({ site, bundle, model });
      expect([deployment.service, warnings]).toEqual(['user', []]);
      await onHost(lasting, 'pkill -KILL -x llama-server');
      await until('it is back after kill -9', 150_000, async () =>
        (await say(site).catch(() => '')).startsWith('Ahoy') ? true : undefined,
      );
    }
    await lasting.stop();
    await lasting.start();
    await using site = await guestSite(lasting);
    await until('it is back after the power cut', 150_000, async () =>
      (await say(site).catch(() => '')).startsWith('Ahoy') ? true : undefined,
    );
  });

  it('is upgraded without a failed request, goes back, and survives a broken release (L12)', async () => {
    await using site = await guestSite(lasting);
    const next = await tinyModel(folder, 'next.gguf', {
      sentence: 'Second release, speaking from a newer model file.',
    });
    const said: string[] = [];
    const stop = new AbortController();
    const load = (async () => {
      while (!stop.signal.aborted)
        said.push(await say(site).catch((error: Error) => `failed: ${error.message}`));
    })();
    const upgraded = await deployTiny({ site, bundle, model: next });
    stop.abort();
    await load;
    expect(upgraded.answer).toMatch(/^Second release/);
    expect(said.filter(text => !/^(Ahoy!|Second release)/.test(text))).toEqual([]);
    expect(said.length).toBeGreaterThan(0);
    expect(await say(site)).toMatch(/^Second/);

    const broken = join(folder, 'broken.gguf');
    const bytes = await readFile(model);
    bytes.write('llamb', bytes.indexOf('llama'));
    await writeFile(broken, bytes);
    const error = await failure(deployTiny({ site, bundle, model: broken }));
    expect(error).toMatchObject({
      code: 'model.unsupported',
      details: { rolledBackTo: upgraded.deployment.release },
    });
    expect(await say(site)).toMatch(/^Second/);

    const watch = { clock: systemClock, signal, onStep: () => {}, onStepDone: () => {} };
    const back = await rollback({ ...watch, site, name: 'tiny', owner: 'task-1' });
    expect(back.answer).toMatch(/^Ahoy/);
    expect(await say(site)).toMatch(/^Ahoy/);
    const status = await inspect({ ...watch, site, name: 'tiny' });
    expect(status).toMatchObject({ readiness: 'ready', service: 'user', state: 'active', models: ['tiny'] });
    await removeTiny(site);
    const look =
      'XDG_RUNTIME_DIR=/run/user/$(id -u) systemctl --user list-units "deckhand*" --all --no-legend && ls -A /home/guest';
    const left = await lasting.run(look, { user: 'guest' });
    expect(left).toMatchObject({ code: 0, stdout: expect.stringContaining('.profile') as string });
    expect(left.stdout).not.toMatch(/deckhand|\.local|\.config/);
  });
});

describe('this machine', () => {
  it('is a target as well, without SSH', async () => {
    const base = join(folder, 'local');
    const site = localSite({ ...process.env, DECKHAND_BASE: base });
    const { deployment, answer } = await deployTiny({ site, bundle, model, params: { service: 'detached' } });
    expect([deployment.host, answer.slice(0, 4)]).toEqual(['local', 'Ahoy']);
    expect((await deployTiny({ site, bundle, model, params: { service: 'detached' } })).uploaded).toBe(0);
    await removeTiny(site);
    await expect(access(base)).rejects.toThrow('ENOENT');
  });
});

describe('the engine itself', () => {
  engineConformance('llama.cpp (real)', { engine: 'llama.cpp', resume: true }, async () => {
    const site = await guestSite(plain);
    await deployTiny({ site, bundle, model });
    const layout = layoutOf(BASE, 'tiny');
    return {
      dial: async dialSignal => await site.dial({ path: layout.live }, dialSignal),
      key: await readKey(site, layout, signal),
      model: 'tiny',
      [Symbol.asyncDispose]: async () => await site[Symbol.asyncDispose](),
    };
  });
});
