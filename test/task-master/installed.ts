import { execFile } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The package as its author publishes it. No dependency of ours: its licence has the Commons Clause. */
const PACKAGE = 'task-master-ai@0.43.1';
const INSTALL_LIMIT = 20 * 60_000;

/**
 * The program `task-master` of the real package, in a cache of this account (`DECKHAND_TEST_CACHE` names another
 * folder). Installed when it is not there: 868 packages, 0.8 GB, no install scripts.
 */
export async function installedTaskMaster(): Promise<string> {
  const cache = process.env['DECKHAND_TEST_CACHE'] ?? join(homedir(), '.cache/deckhand-tests');
  const place = join(cache, PACKAGE);
  const program = join(place, 'node_modules/.bin/task-master');
  const isThere = await access(program).then(
    () => true,
    () => false,
  );
  if (isThere) return program;
  await mkdir(cache, { recursive: true });
  const part = await mkdtemp(join(cache, 'part-'));
  try {
    await writeFile(join(part, 'package.json'), '{"private":true}');
    const begun = Date.now();
    const words = ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', PACKAGE];
    await run('npm', words, { cwd: part, timeout: INSTALL_LIMIT, maxBuffer: 64 * 1024 * 1024 });
    const { stdout } = await run('du', ['-sm', join(part, 'node_modules')]);
    console.log(`installed ${PACKAGE}: ${Math.round((Date.now() - begun) / 1000)} s, ${parseInt(stdout)} MB`);
    await rename(part, place);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return program;
}
