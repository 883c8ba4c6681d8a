import { copyFile, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { toDeckhandError } from '../../core/deckhand-error.ts';
import type { BundleManifest } from './manifest.ts';
import { runTool } from './run-tool.ts';

/** Bytes that the path of the loader may have where the bundle is installed; one more ends it. */
const LONGEST_PATH = 250;
/** Nothing of these may be changed: the loader, and what it treats as its own. */
const UNTOUCHED = /^(ld-linux-.*|libc\.so\..*|libm\.so\..*|llama-server.*)$/;

/**
 * Gives the bundle a real program `lib/llama-server`, whose loader's path is a row of letters for now: where
 * it is installed the real path is written over them. So the process has its right name, and the engine can
 * start itself again. Null where that cannot be done; it is started through the loader then.
 */
export async function makeRelocatable(
  root: string,
  bundle: string,
  signal: AbortSignal,
): Promise<BundleManifest['relocation']> {
  const library = join(bundle, 'lib');
  const program = join(library, 'llama-server');
  const placeholder = `/${'x'.repeat(LONGEST_PATH)}`;
  // patchelf is of the same suite as the rest, so it too is run with that suite's libraries
  const patch = async (...words: readonly string[]): Promise<void> => {
    const loader = ['--inhibit-cache', '--library-path', library, join(root, 'usr/bin/patchelf')];
    await runTool(join(library, 'ld-linux-x86-64.so.2'), [...loader, ...words], { signal });
  };
  try {
    await copyFile(join(library, 'llama-server.bin'), program);
    await patch('--set-interpreter', placeholder, '--force-rpath', '--set-rpath', '$ORIGIN', program);
    for (const name of (await readdir(library)).filter(each => !UNTOUCHED.test(each)))
      await patchAside(join(library, name), patch);
  } catch (error) {
    signal.throwIfAborted();
    if (toDeckhandError(error).code !== 'bundle.unavailable') throw error;
    await rm(program, { force: true });
    return null;
  }
  const offset = (await readFile(program)).indexOf(placeholder);
  return { file: 'lib/llama-server', offset, length: LONGEST_PATH + 1 };
}

/** On a copy that then takes its place: patchelf itself runs with some of these files. */
async function patchAside(
  path: string,
  patch: (...words: readonly string[]) => Promise<void>,
): Promise<void> {
  const copy = `${path}.patched`;
  await patch('--force-rpath', '--set-rpath', '$ORIGIN', '--output', copy, path);
  await rm(path);
  await copyFile(copy, path);
  await rm(copy);
}
