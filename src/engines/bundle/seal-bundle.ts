import { createHash } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BundleManifest } from './manifest.ts';
import { runTool } from './run-tool.ts';

export interface SealOptions {
  /** With `bin`, `lib` and `licenses` in it, each flat. */
  readonly bundle: string;
  /** Where `bundle.tar.gz` is written. */
  readonly folder: string;
  readonly about: Omit<BundleManifest, 'format' | 'engine' | 'bytes'>;
  readonly signal: AbortSignal;
  readonly onStage: (stage: 'archive') => void;
}

/** Writes down what is in a bundle, and packs it. The same files give the same bytes. Throws `bundle.unavailable`. */
export async function sealBundle(
  options: SealOptions,
): Promise<{ readonly file: string; readonly manifest: BundleManifest }> {
  const { bundle, folder, about, signal, onStage } = options;
  const files = await filesOf(bundle);
  await writeFile(
    join(bundle, 'MANIFEST.sha256'),
    files.map(file => `${file.sha256}  ${file.name}\n`).join(''),
  );
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const manifest: BundleManifest = { format: 1, engine: 'llama.cpp', ...about, bytes };
  await writeFile(join(bundle, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  onStage('archive');
  const file = join(folder, 'bundle.tar.gz');
  const pack = `tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --format=ustar -C "$1" -cf - . | gzip -n > "$2"`;
  await runTool('sh', ['-c', pack, 'sh', bundle, file], { signal });
  return { file, manifest };
}

async function filesOf(
  bundle: string,
): Promise<readonly { readonly name: string; readonly sha256: string; readonly bytes: number }[]> {
  const files = [];
  for (const part of ['bin', 'lib', 'licenses']) {
    for (const name of (await readdir(join(bundle, part))).sort()) {
      const path = join(bundle, part, name);
      const sha256 = createHash('sha256')
        .update(await readFile(path))
        .digest('hex');
      files.push({ name: `${part}/${name}`, sha256, bytes: (await stat(path)).size });
    }
  }
  return files;
}
