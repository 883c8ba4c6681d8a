import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { hashOf } from './hash-of.ts';
import { makeBundle, type MakeOptions } from './make-bundle.ts';
import { type Bundle, type BundleManifest, bundleManifestSchema } from './manifest.ts';
import { runTool } from './run-tool.ts';
import { bundleOfArchive, type UpstreamOptions } from './upstream.ts';

export interface BundleWish extends Pick<MakeOptions, 'suite' | 'allProcessors' | 'onStage' | 'signal'> {
  /** Absolute; made where it is missing. */
  readonly cacheFolder: string;
  /** Made again although one is there. */
  readonly refresh: boolean;
}

/** The bundle of this kind in the cache, made when it is not there. Throws `bundle.unavailable`. */
export async function cachedBundle(wish: BundleWish): Promise<Bundle & { readonly made: boolean }> {
  const folder = join(wish.cacheFolder, 'bundles');
  const name = `llama.cpp-${wish.suite}-${wish.allProcessors ? 'all' : 'slim'}.tar.gz`;
  const path = join(folder, name);
  if (!wish.refresh) {
    const known = await openBundle(path, wish.signal).catch(() => null);
    if (known) return { ...known, made: false };
  }
  return await kept(path, wish.signal, async work => (await makeBundle({ ...wish, folder: work })).file);
}

export interface ArchiveWish extends Pick<UpstreamOptions, 'archive' | 'sha256' | 'signal' | 'onStage'> {
  readonly cacheFolder: string;
}

/** The bundle of an archive of llama.cpp's releases, made when it is not in the cache. Throws `bundle.invalid`. */
export async function archiveBundle(wish: ArchiveWish): Promise<Bundle & { readonly made: boolean }> {
  const path = join(wish.cacheFolder, 'bundles', `llama.cpp-upstream-${wish.sha256.slice(0, 16)}.tar.gz`);
  const known = await openBundle(path, wish.signal).catch(() => null);
  if (known) return { ...known, made: false };
  return await kept(path, wish.signal, async work => (await bundleOfArchive({ ...wish, folder: work })).file);
}

/** What is made in a folder of its own takes its place at once and whole. */
async function kept(
  path: string,
  signal: AbortSignal,
  make: (work: string) => Promise<string>,
): Promise<Bundle & { readonly made: boolean }> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const work = await mkdtemp(join(folder, 'making-'));
  try {
    await rename(await make(work), path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return { ...(await openBundle(path, signal)), made: true };
}

/** A bundle that somebody has made. Throws `local.file-missing`, `bundle.invalid`. */
export async function openBundle(path: string, signal: AbortSignal): Promise<Bundle> {
  const size = await sizeOf(path);
  const sha256 = await hashOf(path, signal);
  // what was read once of the same bytes is the same
  const aside = `${path}.${sha256.slice(0, 16)}.json`;
  const kept = await readFile(aside, 'utf8').catch(() => null);
  const manifest = parseManifest(path, kept ?? (await manifestIn(path, signal)));
  if (kept === null) await keepAside(aside, JSON.stringify(manifest)).catch(() => undefined);
  return { path, size, sha256, manifest };
}

/** Whole or not at all: somebody else may read it meanwhile. */
async function keepAside(path: string, text: string): Promise<void> {
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, text);
  await rename(own, path);
}

async function manifestIn(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await runTool('tar', ['-xzOf', path, './manifest.json'], { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new DeckhandError('bundle.invalid', `'${path}' is no engine bundle: it has no manifest.`, {
      cause: error,
    });
  }
}

function parseManifest(path: string, text: string): BundleManifest {
  try {
    return bundleManifestSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new DeckhandError('bundle.invalid', `'${path}' has a manifest that is not understood.`, {
      cause: error,
    });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw new DeckhandError('local.file-missing', `There is no bundle at '${path}'.`, { cause: error });
  }
}
