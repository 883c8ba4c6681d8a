import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import { deployParams, type DeployResult, type DeployStep } from '../../src/core/model-params.ts';
import { type Bundle } from '../../src/engines/bundle/manifest.ts';
import { cachedBundle, hashOf } from '../../src/engines/bundle/bundle-cache.ts';
import { deploy } from '../../src/engines/deploy/deploy.ts';
import { planDeploy } from '../../src/engines/deploy/release.ts';
import type { Site } from '../../src/engines/deploy/site.ts';
import { sshSite } from '../../src/engines/deploy/ssh-site.ts';
import { readModel } from '../../src/engines/gguf/read-model.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { labDirectory, type LabHost } from '../lab/lab.ts';
import { makeTinyModel, type TinyModelOptions } from '../model/tiny-model.ts';
import { connect, signal } from './ssh-client.ts';

/** The real engine's bundle, made once on this machine from the distribution's packages. */
export async function realBundle(): Promise<Bundle> {
  return await cachedBundle({
    cacheFolder: join(labDirectory, 'cache'),
    suite: 'forky',
    allProcessors: false,
    refresh: false,
    onStage: () => {},
    signal: AbortSignal.timeout(240_000),
  });
}

export async function tinyModel(
  folder: string,
  name: string,
  options: TinyModelOptions = {},
): Promise<string> {
  const path = join(folder, name);
  await mkdir(folder, { recursive: true });
  await writeFile(path, makeTinyModel(options));
  return path;
}

/** A connection to a lab host as one of its accounts. */
export async function connectAs(host: LabHost, user: string, home: string): Promise<SshConnection> {
  const resolved = await resolveHost(`${user}@${host.address}:${host.port}`, {
    signal,
    home,
    overrides: { identityFile: host.keyFile, knownHostsFile: host.knownHostsFile },
  });
  const plain = { ...resolved, name: host.name, agent: null, globalKnownHostsFiles: [] };
  return await connect(plain, { connectTimeout: 60_000 });
}

export interface DeployWish {
  readonly site: Site;
  readonly bundle: Bundle;
  readonly model: string;
  readonly owner?: string;
  readonly signal?: AbortSignal;
  readonly params?: object;
  readonly onStep?: (name: DeployStep['name']) => void;
  readonly onBytes?: (done: number, total: number) => void;
}

/** The deployment itself, without tasks around it. One thread: two busy processors would wait for each other. */
export async function deployTiny(wish: DeployWish): Promise<DeployResult> {
  const params = deployParams.parse({ name: 'tiny', model: wish.model, threads: 1, ...wish.params });
  const model = await readModel(wish.model);
  const plan = planDeploy(params, wish.bundle, { ...model, sha256: await hashOf(wish.model, signal) });
  return await deploy({
    site: wish.site,
    plan,
    owner: wish.owner ?? 'task-1',
    clock: systemClock,
    signal: wish.signal ?? signal,
    onStep: wish.onStep ?? (() => {}),
    onStepDone: () => {},
    onBytes: wish.onBytes ?? (() => {}),
  });
}

export function siteOf(connection: SshConnection): Site {
  return sshSite(connection, { clock: systemClock, id: 'model-tiny' });
}

/**
 * Everything on the host but what the kernel, the boot and logs make: kind, mode, owner, path, target. Left out is also
 * the holder's script with its folder: the daemon may have looked after old runs there over the same connection.
 */
export async function manifestOf(host: LabHost): Promise<string> {
  const left = ['/proc', '/sys', '/run', '/dev', '/tmp', '/var/tmp', '/var/log'];
  const prune = left.map(path => `-path ${path}`).join(' -o ');
  const { stdout } = await host.run(
    `find / -xdev \\( ${prune} \\) -prune -o -printf '%y %m %u %p %l\\n' | sort; pgrep -x llama-server; true`,
  );
  const holder = / \/(home\/guest|root)\/\.local(\/state(\/deckhand(\/(holder-[0-9a-f]+\.sh|runs))?)?)? *$/;
  return stdout
    .split('\n')
    .filter(line => !holder.test(line))
    .join('\n');
}

/** A mount over the folder of state of an account. */
export async function mountState(host: LabHost, user: string, options: string): Promise<void> {
  const state = `/home/${user}/.local/state`;
  await host.run(
    `install -d -o ${user} -g ${user} /home/${user}/.local ${state} && mount -t tmpfs -o ${options} small ${state} && chown ${user}: ${state}`,
  );
}
