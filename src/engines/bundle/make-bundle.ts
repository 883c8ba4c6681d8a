import { chmod, copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchPackages, type FetchedPackage } from './fetch-packages.ts';
import type { BundleManifest } from './manifest.ts';
import { makeRelocatable } from './relocate.ts';
import type { ToolOptions } from './run-tool.ts';
import { sealBundle } from './seal-bundle.ts';

const LIBRARIES = 'usr/lib/x86_64-linux-gnu';
/** Under `LIBRARIES`; each is copied flat into `lib/`. */
const FILES = [
  'ld-linux-x86-64.so.2',
  'libc.so.6',
  'libm.so.6',
  'libstdc++.so.6',
  'libgcc_s.so.1',
  'libgomp.so.1',
  'libssl.so.3',
  'libcrypto.so.3',
  'libz.so.1',
  'libzstd.so.1',
  'libllama.so.0',
  'libllama-common.so.0',
  'libmtmd.so.0',
  'libggml.so.0',
  'libggml-base.so.0',
  'llama/libllama-server-impl.so',
];
/** Code for processors: what runs on all of them, and what runs well on most. */
const SLIM = ['x64', 'haswell'];

/** Starts the engine where it lies, also where its loader's path was not written into it. */
const LAUNCHER = `#!/bin/sh
d=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
[ -e "$d/.relocated" ] && exec "$d/lib/llama-server" "$@"
exec "$d/lib/ld-linux-x86-64.so.2" --inhibit-cache --library-path "$d/lib" --argv0 llama-server "$d/lib/llama-server.bin" "$@"
`;

export interface MakeOptions extends ToolOptions {
  /** An empty folder to work in. */
  readonly folder: string;
  readonly suite: string;
  /** Code for every processor of the engine's packages, not only for two kinds. */
  readonly allProcessors: boolean;
  readonly onStage: (stage: 'packages' | 'layout' | 'archive') => void;
}

/**
 * A folder that runs llama-server on any x86-64 Linux, whatever its libc, made from Debian packages, as one
 * `bundle.tar.gz`. The same packages give the same bytes. Throws `bundle.unavailable`.
 */
export async function makeBundle(
  options: MakeOptions,
): Promise<{ readonly file: string; readonly manifest: BundleManifest }> {
  const { folder, signal, onStage } = options;
  onStage('packages');
  const packages = await fetchPackages(options);
  onStage('layout');
  const root = join(folder, 'root');
  const bundle = join(folder, 'bundle');
  const processors = await layOut(root, bundle, options.allProcessors);
  const relocation = await makeRelocatable(root, bundle, signal);
  const licences = await copyLicences(root, bundle, packages);
  const about = {
    version: packages.find(each => each.name === 'llama.cpp-tools')?.version ?? 'unknown',
    architecture: 'x86_64',
    processors,
    relocation,
    packages: packages.map(each => ({ ...each, licences: licences.get(each.name) ?? [] })),
  };
  return await sealBundle({ bundle, folder, about, signal, onStage });
}

async function layOut(root: string, bundle: string, allProcessors: boolean): Promise<readonly string[]> {
  const from = join(root, LIBRARIES);
  const to = join(bundle, 'lib');
  await mkdir(to, { recursive: true });
  await mkdir(join(bundle, 'bin'));
  for (const file of FILES) await copyFile(join(from, file), join(to, file.split('/').at(-1) ?? file));
  await chmod(join(to, 'ld-linux-x86-64.so.2'), 0o755);
  await copyFile(join(root, 'usr/bin/llama-server'), join(to, 'llama-server.bin'));
  const backends = (await readdir(join(from, 'ggml/backends0'))).flatMap(name => {
    const processor = /^libggml-cpu-(.+)\.so$/.exec(name)?.[1];
    return processor !== undefined && (allProcessors || SLIM.includes(processor)) ? [processor] : [];
  });
  // the engine looks for them beside its program
  for (const processor of backends) {
    const name = `libggml-cpu-${processor}.so`;
    await copyFile(join(from, 'ggml/backends0', name), join(to, name));
  }
  await writeFile(join(bundle, 'bin/llama-server'), LAUNCHER, { mode: 0o755 });
  return backends.sort();
}

/** Their texts, and the short names that stand in them. */
async function copyLicences(
  root: string,
  bundle: string,
  packages: readonly FetchedPackage[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  await mkdir(join(bundle, 'licenses'));
  const found = new Map<string, readonly string[]>();
  for (const { name } of packages) {
    const text = await readFile(join(root, 'usr/share/doc', name, 'copyright'), 'utf8').catch(() => null);
    if (text === null) continue;
    await writeFile(join(bundle, 'licenses', `${name}.copyright`), text);
    const names = [...text.matchAll(/^License: *([A-Za-z0-9.+-]+)/gm)].map(match => match[1] ?? '');
    found.set(name, [...new Set(names)].sort().slice(0, 50));
  }
  return found;
}
