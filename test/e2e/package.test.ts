import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
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
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** The packed program, with a state of its own. */
  const deckhand = async (...words: readonly string[]) =>
    await run(process.execPath, [join(folder, 'package/dist/bin.cjs'), ...words], {
      env: { ...process.env, XDG_STATE_HOME: join(folder, 'state'), XDG_CONFIG_HOME: join(folder, 'config') },
    });

  test('runs the demo from what is in the archive', async () => {
    const { stderr } = await deckhand('demo');
    expect(stderr).toContain('Again: nothing is to be done');
  });

  test('knows its version and its runbooks', async () => {
    const version = await deckhand('--version');
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\s*$/);
    const runbooks = await deckhand('runbook', 'list', '--local', '--json');
    expect(JSON.parse(runbooks.stdout)).toMatchObject({
      runbooks: expect.arrayContaining([expect.objectContaining({ name: 'create-user' })]),
    });
  });

  test('starts its daemon, whose executor carries a task out, and backs its store up', async () => {
    try {
      await expect(deckhand('hosts', 'test', '127.0.0.1:1', '--json')).rejects.toMatchObject({
        code: 4,
        stdout: expect.stringContaining('"ssh.refused"'),
      });
      expect((await deckhand('task', 'list', '--json')).stdout).toContain('"ssh.connect"');
      const copy = join(folder, 'copy.db');
      await deckhand('store', 'backup', copy);
      expect((await readFile(copy, 'latin1')).slice(0, 15)).toBe('SQLite format 3');
    } finally {
      await deckhand('daemon', 'stop');
    }
  });

  test('is a library', async () => {
    const script = `import { openDeckhand } from '${join(folder, 'package/dist/index.js')}';
      await using deckhand = await openDeckhand();
      console.log((await deckhand.listRunbooks()).length, (await deckhand.tasks.health()).status);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script]);
    const shipped = (await readdir('runbooks')).filter(name => name.endsWith('.yaml'));
    expect(stdout).toBe(`${shipped.length} ok\n`);
  });
});
