import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadSettings } from '../settings/load.ts';
import type { SettingValues } from '../settings/schema.ts';
import { addLastingRules } from './lasting-rules.ts';
import { explain } from './policy-tools.ts';

/** Real files, and what the policy makes of them afterwards. */
let folder = '';
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'deckhand-rules-'))));
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const rule = {
  command: 'systemctl restart *',
  hosts: ['web-1', 'web-2'],
  why: 'apps may be restarted',
  upTo: 'change',
  example: 'sudo systemctl restart nginx',
} as const;
const settingsFile = (): string => join(folder, 'deckhand.yaml');
const settings = async (): Promise<SettingValues> =>
  (await loadSettings({ folder, home: folder, environment: {}, file: settingsFile() })).values;
/** What the mode `ask` makes of a command on a host. */
async function decided(command: string, host: string): Promise<string> {
  const { decisions } = await explain(command, host, await settings());
  const { decision, rule: by } = decisions.find(({ mode }) => mode === 'ask') ?? {};
  return `${decision} by ${by}`;
}

describe('a rule of a person', () => {
  it('is kept in a file that the settings name from then on, and holds', async () => {
    await writeFile(settingsFile(), '# mine\npolicy: { mode: ask }\n');
    expect(await decided('systemctl restart nginx', 'web-1')).toBe('ask by null');
    const added = await addLastingRules({ named: '', settingsFile: settingsFile() }, [rule]);
    expect(added).toEqual({ file: join(folder, 'policy.yaml'), names: ['always-systemctl-restart'] });
    expect(await readFile(settingsFile(), 'utf8')).toContain('# mine');
    expect((await settings())['policy.rules']).toBe(added.file);
    expect(await decided('systemctl restart nginx', 'web-1')).toBe('run by always-systemctl-restart');
    expect(await decided('systemctl restart nginx', 'db-1')).toBe('ask by null');
    expect(await decided('systemctl restart nginx && rm -r /srv', 'web-1')).toBe('ask by null');
  });

  it('is added to what is there, and a deny stands above it', async () => {
    const file = join(folder, 'mine.yaml');
    await writeFile(settingsFile(), 'policy: { mode: ask, rules: mine.yaml }\n');
    const before =
      '# what serves\nrules:\n  - name: leave-nginx\n    decision: deny\n    command: systemctl restart nginx\n' +
      '    why: it serves # always\n    match:\n      - systemctl restart nginx\n';
    await writeFile(file, before);
    await addLastingRules({ named: file, settingsFile: settingsFile() }, [rule, rule]);
    expect((await readFile(file, 'utf8')).startsWith(before)).toBe(true);
    expect(await decided('systemctl restart nginx', 'web-1')).toBe('refuse by leave-nginx');
    expect(await decided('systemctl restart app', 'web-2')).toBe('run by always-systemctl-restart');
  });
});

describe('nothing is written when', () => {
  it.each([
    ['any program would be let through', { ...rule, command: '* restart nginx' }],
    ['it does not match what was asked about', { ...rule, command: 'systemctl stop *' }],
    ['nobody can judge it and it is wide', { ...rule, command: './x *', upTo: 'unknown', example: './x a' }],
  ] as const)('%s', async (_, wrong) => {
    await writeFile(settingsFile(), 'policy: { mode: ask }\n');
    await expect(
      addLastingRules({ named: '', settingsFile: settingsFile() }, [rule, wrong]),
    ).rejects.toMatchObject({ code: 'input.invalid' });
    expect(await readdir(folder)).toEqual(['deckhand.yaml']);
  });

  it('a file is there that nobody named, or the named one is broken', async () => {
    const file = join(folder, 'policy.yaml');
    await writeFile(settingsFile(), 'policy: { mode: ask }\n');
    await writeFile(file, 'rules: [{ name: old }]\n');
    await expect(addLastingRules({ named: '', settingsFile: settingsFile() }, [rule])).rejects.toMatchObject({
      code: 'input.invalid',
    });
    await expect(
      addLastingRules({ named: file, settingsFile: settingsFile() }, [rule]),
    ).rejects.toMatchObject({ code: 'policy.rules-invalid' });
    expect(await readFile(file, 'utf8')).toBe('rules: [{ name: old }]\n');
  });

  it('the settings cannot name the new file', async () => {
    await writeFile(settingsFile(), 'policy: [broken\n');
    await expect(addLastingRules({ named: '', settingsFile: settingsFile() }, [rule])).rejects.toMatchObject({
      code: 'settings.invalid',
    });
    expect(await readdir(folder)).toEqual(['deckhand.yaml']);
  });
});
