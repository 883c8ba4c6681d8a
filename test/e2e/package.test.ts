import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);

/** What is published, and nothing else, must be enough: files that are read at run time are easily forgotten. */
describe('the package', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'deckhand-package-'));
    await run('npm', ['run', 'build']);
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]);
    const [packed] = JSON.parse(stdout) as { filename: string }[];
    await run('tar', ['-xzf', join(folder, packed?.filename ?? ''), '-C', folder]);
    await symlink(resolve('node_modules'), join(folder, 'package/node_modules'));
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('runs the demo from what is in the archive', async () => {
    const { stderr } = await run(process.execPath, [join(folder, 'package/dist/bin.js'), 'demo']);
    expect(stderr).toContain('Again: nothing is to be done');
  }, 60_000);

  test('knows its version and its runbooks', async () => {
    const bin = join(folder, 'package/dist/bin.js');
    const version = await run(process.execPath, [bin, '--version']);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\s*$/);
    const runbooks = await run(process.execPath, [bin, 'runbook', 'list', '--json']);
    expect(JSON.parse(runbooks.stdout)).toMatchObject({ runbooks: expect.arrayContaining([expect.objectContaining({ name: 'create-user' })]) });
  }, 60_000);
});
