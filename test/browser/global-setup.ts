import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setup as setUpLab } from '../e2e/global-setup.ts';

const project = join(import.meta.dirname, '../..');

/** Builds the console's pages as they are now, and the lab. */
export async function setup(): Promise<void> {
  if (!existsSync('/usr/bin/chromium'))
    throw new Error('The browser tests need /usr/bin/chromium: run test/lab/install.sh.');
  execFileSync(join(project, 'node_modules/.bin/vite'), ['build', 'console', '--logLevel', 'warn'], {
    cwd: project,
    stdio: 'inherit',
    // under test it would be built for development
    env: { ...process.env, NODE_ENV: 'production' },
  });
  await setUpLab();
}
