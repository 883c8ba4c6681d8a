import { describe, expect, test } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import { runScripted } from './scripted-surroundings.ts';

const refused = new DeckhandError('ssh.refused', 'nothing listens').toJSON();

describe('ls', () => {
  const entry = {
    name: 'a\nb\u001b[2J',
    type: 'file',
    size: 1234,
    mode: '4755',
    owner: 'root',
    group: 'www',
    modifiedAt: '2026-02-03T04:05:06.000Z',
  } as const;
  const list =
    (truncated: boolean, ...hosts: string[]) =>
    async ({ path }: { readonly path: string }) =>
      await Promise.resolve({
        results: hosts.map(host => ({
          host,
          task: 't',
          path,
          list: {
            path,
            entries: [entry, { ...entry, name: 'd', type: 'directory', size: 7, mode: '1777' } as const],
            truncated,
          },
        })),
      });

  test('shows entries with names made harmless', async () => {
    const run = await runScripted(['ls', 'web-1:/srv/'], { api: { list: list(false, 'web-1') } });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toBe(
      '-rwsr-xr-x  root  www  1234  2026-02-03 04:05Z  a\\nb\\x1b[2J\n' +
        'drwxrwxrwt  root  www     7  2026-02-03 04:05Z  d/\n',
    );
  });

  test('several hosts have headings; a cut listing ends with 1', async () => {
    const run = await runScripted(['ls', '@web:'], { api: { list: list(true, 'web-1', 'web-2') } });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('web-2:\n-rws');
    expect(run.stderr).toContain('incomplete: web-1 has more than 2 entries; raise --limit');
  });

  test('a host that failed gives its code; --json has the exact names', async () => {
    const failing = async () =>
      await Promise.resolve({
        results: [{ host: 'web-1', task: 't', path: '/x', list: null, error: refused }],
      });
    expect((await runScripted(['ls', 'web-1:/x'], { api: { list: failing } })).exitCode).toBe(4);
    const run = await runScripted(['ls', '--json', 'web-1:/x'], { api: { list: list(false, 'web-1') } });
    const { results } = JSON.parse(run.stdout) as { results: { list: { entries: { name: string }[] } }[] };
    expect(results[0]?.list.entries[0]?.name).toBe(entry.name);
  });
});
