import { copyFile, lstat, mkdir, open, readdir, readlink, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { hashOf } from './hash-of.ts';
import type { BundleManifest } from './manifest.ts';
import { runTool } from './run-tool.ts';
import { sealBundle } from './seal-bundle.ts';

/** Its libraries are found beside it: it was linked so. */
const LAUNCHER = `#!/bin/sh
d=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd -P) || exit 1
exec "$d/lib/llama-server" "$@"
`;
const PROGRAM = 'llama-server';
/** Of the ELF header: `e_machine`, as `uname -m` calls it. */
const MACHINES: ReadonlyMap<number, string> = new Map([
  [62, 'x86_64'],
  [183, 'aarch64'],
]);

export interface UpstreamOptions {
  /** `llama-TAG-bin-ubuntu-ARCHITECTURE.tar.gz`, as the project releases it. */
  readonly archive: string;
  /** What it must be, in hexadecimal digits. */
  readonly sha256: string;
  /** An empty folder to work in. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onStage: (stage: 'layout' | 'archive') => void;
}

/**
 * A bundle out of an archive of llama.cpp's own releases: one folder with the program, its libraries and its licence.
 * It has no C library with it, so hosts need one that is not older than that of the release's builder. Throws
 * `bundle.invalid`, `local.file-missing`.
 */
export async function bundleOfArchive(
  options: UpstreamOptions,
): Promise<{ readonly file: string; readonly manifest: BundleManifest }> {
  const { archive, sha256, folder, signal, onStage } = options;
  const found = await hashOf(archive, signal).catch((error: NodeJS.ErrnoException) => {
    signal.throwIfAborted();
    const text = `'${archive}' cannot be read (${error.code ?? error.message}).`;
    throw new DeckhandError('local.file-missing', text, { cause: error });
  });
  if (found !== sha256) throw invalid(archive, `its SHA-256 is ${found}, and ${sha256} was asked for`);
  onStage('layout');
  const from = await unpacked(options);
  const bundle = join(folder, 'bundle');
  const library = join(bundle, 'lib');
  for (const part of ['bin', 'lib', 'licenses']) await mkdir(join(bundle, part), { recursive: true });
  const names = await readdir(from);
  const libraries = names.filter(name => /\.so(\.[0-9.]+)?$/.test(name));
  for (const name of [PROGRAM, ...libraries]) await checkPlain(archive, from, name);
  const parts = [PROGRAM, ...libraries].map(name => join(from, name));
  await runTool('cp', ['-P', '--', ...parts, library], { signal });
  for (const name of names.filter(each => /^LICENSE/i.test(each))) {
    await checkInside(archive, from, name);
    await copyFile(join(from, name), join(bundle, 'licenses', `llama.cpp.${name}`));
  }
  await writeFile(join(bundle, 'bin', PROGRAM), LAUNCHER, { mode: 0o755 });
  const version = /llama-(b\d+)/.exec(basename(from))?.[1] ?? /llama-(b\d+)/.exec(archive)?.[1] ?? 'unknown';
  const processors = libraries.flatMap(name => /^libggml-cpu-(.+)\.so$/.exec(name)?.[1] ?? []).sort();
  return await sealBundle({
    bundle,
    folder,
    signal,
    onStage,
    about: {
      version,
      architecture: await architectureOf(archive, join(from, PROGRAM)),
      processors,
      relocation: null,
      packages: [{ name: basename(archive).slice(0, 200), version, sha256, licences: ['MIT'] }],
    },
  });
}

/** The folder in it that has the program. */
async function unpacked({ archive, folder, signal }: UpstreamOptions): Promise<string> {
  const root = join(folder, 'archive');
  await mkdir(root);
  try {
    await runTool('tar', ['--no-same-owner', '-xzf', archive, '-C', root], { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw invalid(archive, 'it cannot be unpacked', error);
  }
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const program = entries.find(entry => entry.isFile() && entry.name === PROGRAM);
  if (program) return program.parentPath;
  throw invalid(archive, `there is no ${PROGRAM} in it`);
}

/** A file, or a link to one beside it: what is sent to hosts leads nowhere else. */
async function checkPlain(archive: string, folder: string, name: string): Promise<void> {
  const path = join(folder, name);
  const found = await lstat(path);
  if (found.isFile()) return;
  if (found.isSymbolicLink() && dirname(await readlink(path)) === '.') return;
  throw invalid(archive, `${name} is no plain file`);
}

/** What it leads to over any number of links is a file beside it as well: its content is copied, and not the link. */
async function checkInside(archive: string, folder: string, name: string): Promise<void> {
  const real = await realpath(join(folder, name)).catch(() => '');
  const isBeside = real !== '' && dirname(real) === (await realpath(folder));
  if (!isBeside || !(await lstat(real)).isFile()) throw invalid(archive, `${name} is no plain file`);
}

async function architectureOf(archive: string, program: string): Promise<string> {
  await using file = await open(program);
  const { buffer } = await file.read(Buffer.alloc(20), 0, 20, 0);
  const isElf = buffer.subarray(0, 4).equals(Buffer.from('\u007fELF'));
  const machine = isElf ? MACHINES.get(buffer.readUInt16LE(18)) : undefined;
  if (machine !== undefined) return machine;
  throw invalid(archive, `its ${PROGRAM} is no program for Linux on x86_64 or aarch64`);
}

function invalid(archive: string, text: string, cause?: unknown): DeckhandError {
  return new DeckhandError('bundle.invalid', `'${archive}' is no release of llama.cpp: ${text}.`, {
    cause,
    hint: 'Take llama-TAG-bin-ubuntu-x64.tar.gz of a release, and its SHA-256 from where you trust it.',
  });
}
