import { type Bundle, type BundleManifest, releaseOf } from './manifest.ts';

/** An engine as one `tar.gz` here, and what must be known of it before it is sent. */
export interface EngineArchive {
  readonly path: string;
  /** Names its folder on hosts. */
  readonly id: string;
  /** Bytes of the file, and of what is in it. */
  readonly size: number;
  readonly bytes: number;
  readonly files: number;
  /** As its maker says it; empty: nobody does. */
  readonly version: string;
  /** As `uname -m` says it; null: it is not said. */
  readonly architecture: string | null;
  readonly relocation: BundleManifest['relocation'];
  /** It has the hash of each of its files with it. */
  readonly isSealed: boolean;
  /** In it: what is started once with `--version`, to see that it runs there. Null: nothing is. */
  readonly program: string | null;
}

/** Files of a bundle that was made here, with room to spare. */
const BUNDLE_FILES = 100;

/** A bundle of llama.cpp, as it is sent. */
export function archiveOfBundle(bundle: Bundle): EngineArchive {
  const { version, architecture, relocation, bytes } = bundle.manifest;
  return {
    path: bundle.path,
    id: releaseOf(bundle),
    size: bundle.size,
    bytes,
    files: BUNDLE_FILES,
    version,
    architecture,
    relocation,
    isSealed: true,
    program: 'bin/llama-server',
  };
}
