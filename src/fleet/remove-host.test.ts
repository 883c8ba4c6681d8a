import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mergeSettings } from '../settings/merge.ts';
import { parseSettingsFile } from '../settings/settings-file.ts';
import { buildInventory } from './inventory.ts';
import { type HostPlaces, removeHost } from './remove-host.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-remove-host-'));
  file = join(folder, 'deckhand.yaml');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const FILE = `# ours
hosts:
  web-1: { port: 2222 }
  web-2: {} # stays
groups:
  web: [web-1, web-2] # both
`;
const config = { name: 'web-1', file: '/h/.ssh/config', line: 3 };

/** As the desk reads them: this file, and a project's. */
async function places(aliases: readonly (typeof config)[] = [], project = ''): Promise<HostPlaces> {
  const files = [
    ...(project === '' ? [] : [parseSettingsFile(project, '/project/deckhand.yaml', '/h')]),
    parseSettingsFile(await readFile(file, 'utf8'), file, '/h'),
  ];
  const settings = mergeSettings(files, {});
  return {
    settings,
    inventory: buildInventory(aliases, settings),
    aliases: new Set(aliases.map(({ name }) => name)),
  };
}

describe('removeHost', () => {
  it('takes the host out of its file and its groups; the rest stays', async () => {
    await writeFile(file, FILE);
    expect(await removeHost(await places(), 'web-1')).toEqual({ file, remains: false });
    const after = await readFile(file, 'utf8');
    expect(after).not.toContain('web-1');
    expect(after).toContain('web-2: {} # stays');
    expect(after.startsWith('# ours\n')).toBe(true);
    const { inventory } = await places();
    expect(inventory.hosts.map(({ name, groups }) => [name, groups])).toEqual([['web-2', ['web']]]);
  });

  it('says when the OpenSSH configuration names it too; its groups stay', async () => {
    await writeFile(file, FILE);
    expect(await removeHost(await places([config]), 'web-1')).toEqual({ file, remains: true });
    const { inventory } = await places([config]);
    expect(inventory.hosts.find(({ name }) => name === 'web-1')).toMatchObject({
      groups: ['web'],
      source: 'ssh-config /h/.ssh/config:3',
    });
  });

  it.each([
    ['nobody', 'fleet.unknown-host', 'nobody'],
    ['only-ssh', 'input.invalid', '/h/.ssh/config:7'],
    ['web-2', 'input.invalid', '/project/deckhand.yaml:1'],
  ])('refuses %s, and changes nothing', async (name, code, word) => {
    await writeFile(file, FILE);
    const all = await places(
      [{ name: 'only-ssh', file: '/h/.ssh/config', line: 7 }],
      'groups: {theirs: [web-2]}\n',
    );
    const refused = removeHost(all, name);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(word);
    expect(await readFile(file, 'utf8')).toBe(FILE);
  });
});
