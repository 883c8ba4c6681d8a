import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { runTool, type ToolOptions } from './run-tool.ts';

/** What llama-server needs, all of it: nothing of the host's own libraries is used. */
const PACKAGES = [
  'llama.cpp-tools',
  'libllama0',
  'libggml0',
  'libgomp1',
  'libc6',
  'libstdc++6',
  'libgcc-s1',
  'libssl3t64',
  'libzstd1',
  'zlib1g',
];
/** Used while the bundle is made, not part of it. */
const TOOLS = ['patchelf'];
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface FetchedPackage {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

export interface FetchOptions extends ToolOptions {
  /** An empty folder to work in. */
  readonly folder: string;
  /** Of Debian: `forky`, `sid`. */
  readonly suite: string;
}

/**
 * Downloads the packages of a suite with apt's own signature check, from the mirror that this machine's apt
 * uses, without touching its state; then unpacks them into `root/`. Throws `bundle.unavailable`.
 */
export async function fetchPackages(options: FetchOptions): Promise<readonly FetchedPackage[]> {
  const { folder, signal } = options;
  const settings = await aptSettings(options);
  const root = join(folder, 'root');
  const downloads = join(folder, 'packages');
  await mkdir(root);
  await mkdir(downloads);
  await runTool('apt-get', [...settings, 'update'], { signal });
  await runTool('apt-get', [...settings, 'download', ...PACKAGES, ...TOOLS], { signal, folder: downloads });
  await unpackAll(downloads, root, signal);
  const elsewhere = await licencesElsewhere(root);
  if (elsewhere.length > 0) {
    await runTool('apt-get', [...settings, 'download', ...elsewhere], { signal, folder: downloads });
    await unpackAll(downloads, root, signal);
  }
  const fetched: FetchedPackage[] = [];
  for (const file of (await readdir(downloads)).filter(name => name.endsWith('.deb')).sort()) {
    const path = join(downloads, file);
    const [name = '', version = ''] = (
      await runTool('dpkg-deb', ['--show', '--showformat', '${Package}\n${Version}', path], { signal })
    ).split('\n');
    const sha256 = createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
    if (PACKAGES.includes(name)) fetched.push({ name, version, sha256 });
  }
  return fetched;
}

async function unpackAll(downloads: string, root: string, signal: AbortSignal): Promise<void> {
  for (const name of await readdir(downloads))
    await runTool('dpkg-deb', ['--extract', join(downloads, name), root], { signal });
}

/** Packages of one source may keep their licence in one of them that nothing else is needed of. */
async function licencesElsewhere(root: string): Promise<readonly string[]> {
  const documents = join(root, 'usr/share/doc');
  const targets = await Promise.all(
    PACKAGES.map(async name => await readlink(join(documents, name)).catch(() => null)),
  );
  const names = targets.filter(target => target !== null && /^[a-z0-9][a-z0-9+.-]+$/.test(target));
  return [...new Set(names)].filter(name => name !== null && !PACKAGES.includes(name)) as string[];
}

/** An apt with lists, cache and sources of its own. */
async function aptSettings({ folder, suite, signal }: FetchOptions): Promise<readonly string[]> {
  const mirror = await mirrorOf(signal);
  const state = join(folder, 'apt');
  for (const part of ['lists/partial', 'cache/archives/partial'])
    await mkdir(join(state, part), { recursive: true });
  await writeFile(join(state, 'status'), '');
  await writeFile(
    join(state, 'sources.list'),
    `deb [arch=amd64 signed-by=${KEYRING}] ${mirror} ${suite} main\n`,
  );
  const settings: Readonly<Record<string, string>> = {
    'Dir::State': state,
    'Dir::State::status': join(state, 'status'),
    'Dir::State::lists': join(state, 'lists'),
    'Dir::Cache': join(state, 'cache'),
    'Dir::Etc::sourcelist': join(state, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    // the testing suite may carry an expired Release file; its signature is checked all the same
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Languages': 'none',
    'APT::Architecture': 'amd64',
    'APT::Architectures': 'amd64',
    'APT::Sandbox::User': '',
    // without it an update that reached nobody counts as one
    'APT::Update::Error-Mode': 'any',
  };
  return ['-q', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
}

/** Where this machine's own apt gets Debian's packages. */
async function mirrorOf(signal: AbortSignal): Promise<string> {
  const words = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages'];
  const first = async (...more: readonly string[]): Promise<string | undefined> =>
    (await runTool('apt-get', [...words, ...more], { signal })).split('\n').find(line => line !== '');
  // without lists apt does not know yet whose they are
  const found = (await first('Label: Debian')) ?? (await first());
  if (found !== undefined && /^[\x21-\x7e]+$/.test(found)) return found;
  throw new DeckhandError('bundle.unavailable', 'The sources of apt on this machine name no mirror.');
}
