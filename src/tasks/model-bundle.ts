import { copyFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { bundleParams, type BundleResult } from '../core/model-params.ts';
import { archiveBundle, type BundleWish, cachedBundle } from '../engines/bundle/bundle-cache.ts';
import type { Bundle } from '../engines/bundle/manifest.ts';
import { deckhandPaths } from '../settings/paths.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** The engine as one file that runs on any Linux: made here, kept in the cache. */
export const modelBundle: TaskKind<typeof bundleParams> = {
  name: 'model.bundle',
  description: 'Makes the bundle of the model server that is sent to hosts.',
  schema: bundleParams,
  hosts: 'none',
  category: 'model',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ suite, archive }) => `engine bundle from ${archive ? archive.path : suite}`,
  run: async ({ params, cancel, leave, phase }) => {
    const signal = AbortSignal.any([cancel, leave]);
    const { output, archive, ...wish } = params;
    const bundle = archive
      ? await archiveBundle({
          archive: archive.path,
          sha256: archive.sha256,
          cacheFolder: cacheFolder(),
          signal,
          onStage: phase,
        })
      : await bundleFromCache({ ...wish, signal, onStage: phase });
    if (output !== undefined) await copyFile(bundle.path, output);
    const { version, architecture, packages } = bundle.manifest;
    const result: BundleResult = {
      path: output ?? bundle.path,
      sha256: bundle.sha256,
      size: bundle.size,
      made: bundle.made,
      version,
      architecture,
      packages: packages.map(each => ({ name: each.name, version: each.version })),
    };
    return { end: 'succeeded', result: { ...result } };
  },
};

/** From the cache of the account; made when it is not there. */
export async function bundleFromCache(
  wish: Omit<BundleWish, 'cacheFolder'>,
): Promise<Bundle & { readonly made: boolean }> {
  return await cachedBundle({ ...wish, cacheFolder: cacheFolder() });
}

/** Of the account: bundles, and what need not be found out twice. */
export function cacheFolder(): string {
  return deckhandPaths(process.env, homedir()).cache;
}
