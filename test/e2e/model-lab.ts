import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { deployParams, type DeployResult, type DeployStep } from '../../src/core/model-params.ts';
import { type Bundle } from '../../src/engines/bundle/manifest.ts';
import { cachedBundle } from '../../src/engines/bundle/bundle-cache.ts';
import { archiveOfBundle } from '../../src/engines/bundle/engine-archive.ts';
import { foreignArchive } from '../../src/engines/bundle/foreign-archive.ts';
import { hashOf } from '../../src/engines/bundle/hash-of.ts';
import { deploy } from '../../src/engines/deploy/deploy.ts';
import { planDeploy } from '../../src/engines/deploy/release.ts';
import type { Site } from '../../src/engines/deploy/site.ts';
import { sshSite } from '../../src/engines/deploy/ssh-site.ts';
import { readModel } from '../../src/engines/gguf/read-model.ts';
import { resolveHost } from '../../src/ssh/resolve-host.ts';
import type { SshConnection } from '../../src/ssh/connection.ts';
import { type LabFleet, labFleet } from '../faults/lab-fleet.ts';
import { claim, letGo } from '../lab/claim.ts';
import { labDirectory, type LabHost } from '../lab/lab.ts';
import { makeTinyModel, type TinyModelOptions } from '../model/tiny-model.ts';
import { type CommandResult, deckhand, stopDaemon } from './deckhand-command.ts';
import { connect, signal } from './ssh-client.ts';

/** The real engine's bundle, made once on this machine from the distribution's packages. */
export async function realBundle(): Promise<Bundle> {
  const cacheFolder = join(labDirectory, 'cache');
  // by one test alone, whoever comes first
  await claim(cacheFolder);
  try {
    return await cachedBundle({
      cacheFolder,
      suite: 'forky',
      allProcessors: false,
      refresh: false,
      onStage: () => {},
      signal: AbortSignal.timeout(540_000),
    });
  } finally {
    letGo(cacheFolder);
  }
}

/** Booted hosts, the engine's bundle where the command line looks for it, and a model. */
export interface ModelLab extends AsyncDisposable {
  readonly folder: string;
  readonly fleet: LabFleet;
  readonly hosts: readonly LabHost[];
  readonly bundle: Bundle;
  /** `tiny.gguf`. */
  readonly model: string;
  /** For the command line: to the hosts as an account that has nothing but sshd. */
  readonly asGuest: readonly string[];
  readonly deckhand: (...words: readonly string[]) => Promise<CommandResult>;
}

export async function openModelLab(numbers: readonly number[]): Promise<ModelLab> {
  const folder = await mkdtemp(join(tmpdir(), 'model-'));
  const [fleet, bundle] = await Promise.all([labFleet(numbers, folder), realBundle()]);
  const cache = join(folder, 'cache/deckhand/bundles');
  await mkdir(cache, { recursive: true });
  await copyFile(bundle.path, join(cache, 'llama.cpp-forky-slim.tar.gz'));
  const config = await readFile(fleet.surroundings.sshConfigFile ?? '', 'utf8');
  const guestConfig = join(folder, 'as-guest');
  await writeFile(guestConfig, config.replaceAll('User root', 'User guest'));
  return {
    folder,
    fleet,
    hosts: fleet.hosts,
    bundle,
    model: await tinyModel(folder, 'tiny.gguf'),
    asGuest: ['--ssh-config', guestConfig],
    deckhand: async (...words) => await deckhand(words, { folder }),
    [Symbol.asyncDispose]: async () => {
      await stopDaemon(folder);
      await fleet[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
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

/** A clock whose time goes by so much faster: for what is waited for in vain. */
export function hurriedClock(times: number): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now() * times,
    sleep: async (milliseconds, sleepSignal) => await systemClock.sleep(milliseconds / times, sleepSignal),
  };
}

/** The same for an engine that a start command starts, out of an archive; no model file. */
export async function deployStarted(
  wish: Pick<DeployWish, 'site' | 'params'> & { readonly archive: string; readonly clock?: Clock },
): Promise<DeployResult> {
  const clock = wish.clock ?? systemClock;
  const params = deployParams.parse({ engine: 'command', bundle: wish.archive, ...wish.params });
  const archive = await foreignArchive({
    path: wish.archive,
    program: null,
    cacheFolder: dirname(wish.archive),
    clock,
    signal,
    onStage: () => {},
  });
  return await deploy({
    site: wish.site,
    plan: planDeploy(params, archive, null),
    owner: 'task-1',
    clock,
    signal,
    onStep: () => {},
    onStepDone: () => {},
    onBytes: () => {},
  });
}

/** The deployment itself, without tasks around it. One thread: two busy processors would wait for each other. */
export async function deployTiny(wish: DeployWish): Promise<DeployResult> {
  const params = deployParams.parse({ name: 'tiny', model: wish.model, threads: 1, ...wish.params });
  const model = await readModel(wish.model);
  const plan = planDeploy(params, archiveOfBundle(wish.bundle), {
    ...model,
    sha256: await hashOf(wish.model, signal),
  });
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

/** All bytes of all files below a folder: the store, its journal, logs. What goes away meanwhile is not kept. */
export async function everythingIn(path: string): Promise<Buffer> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile()).map(entry => join(entry.parentPath, entry.name));
  return Buffer.concat(
    await Promise.all(files.map(async file => await readFile(file).catch(() => Buffer.alloc(0)))),
  );
}

/**
 * Everything on the host, once it has booted, but what the kernel, the boot and logs make: kind, mode, owner, path, target. Left out is also
 * the holder's script with its folder: the daemon may have looked after old runs there over the same connection.
 */
export async function manifestOf(host: LabHost): Promise<string> {
  const left = ['/proc', '/sys', '/run', '/dev', '/tmp', '/var/tmp', '/var/log'];
  const prune = left.map(path => `-path ${path}`).join(' -o ');
  const { stdout } = await host.run(
    `systemctl is-system-running --wait >/dev/null; find / -xdev \\( ${prune} \\) -prune -o -printf '%y %m %u %p %l\\n' | sort; pgrep -x llama-server; true`,
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
