import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { changeSetting, settingName } from './change-setting.ts';
import { formOf, SETTING_MEANINGS, writtenValue } from './meanings.ts';
import { DEFAULTS, SETTING_NAMES, SETTING_SCHEMAS } from './schema.ts';
import { parseSettingsFile } from './settings-file.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-change-setting-'));
  file = join(folder, 'deckhand.yaml');
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const text = async (): Promise<string> => await readFile(file, 'utf8');

const FILE = `# ours
concurrency: 5 # few
timeouts:
  # slow links
  connect: 20s
hosts:
  old: { port: 2222 } # keep
`;

describe('changing a setting', () => {
  it('keeps comments, order and mode of everything else', async () => {
    await writeFile(file, FILE);
    await chmod(file, 0o640);
    await changeSetting(file, 'timeouts.connect', '30s');
    await changeSetting(file, 'concurrency', '7');
    expect(await text()).toBe(FILE.replace('20s', '30s').replace('5 # few', '7 # few'));
    expect((await stat(file)).mode & 0o777).toBe(0o640);
  });

  it('takes one out, and what held nothing else with it', async () => {
    await writeFile(file, FILE);
    const { settings } = await changeSetting(file, 'concurrency', null);
    expect(settings.concurrency).toBeUndefined();
    await changeSetting(file, 'facts.maxAge', '5m');
    await changeSetting(file, 'facts.maxAge', null);
    expect(await text()).not.toContain('facts');
    expect(await text()).toContain('# slow links');
    expect((await text()).startsWith('# ours\n')).toBe(true);
    await writeFile(file, '# mine\nconcurrency: 3\n');
    await changeSetting(file, 'concurrency', null);
    expect(await text()).toBe('# mine\n');
  });

  it('makes the file, private; several at once are all there', async () => {
    const fresh = join(folder, 'new/deckhand.yaml');
    await Promise.all([
      changeSetting(fresh, 'concurrency', 9),
      changeSetting(fresh, 'language', 'ru'),
      changeSetting(fresh, 'runbooks', ['books', '/more']),
    ]);
    const { settings } = parseSettingsFile(await readFile(fresh, 'utf8'), fresh, '/h');
    expect(settings).toMatchObject({
      concurrency: 9,
      language: 'ru',
      runbooks: [`${folder}/new/books`, '/more'],
    });
    expect((await stat(fresh)).mode & 0o777).toBe(0o600);
  });

  it('writes through a link', async () => {
    await mkdir(join(folder, 'dotfiles'));
    await writeFile(join(folder, 'dotfiles/d.yaml'), 'language: de\n');
    await symlink('dotfiles/d.yaml', file);
    await changeSetting(file, 'language', 'en');
    expect(await readFile(join(folder, 'dotfiles/d.yaml'), 'utf8')).toBe('language: en\n');
  });

  it.each([
    ['concurrency', 0],
    ['concurrency', 'many'],
    ['timeouts.connect', 'soon'],
    ['outputLimit', '5 bananas'],
    ['policy.mode', 'sometimes'],
    ['console.listen', 'here'],
    ['runbooks', ['']],
    ['language', 'klingon'],
    ['agent.timeout', 0],
  ] as const)('refuses %s: %j with the words of the file, and changes nothing', async (name, value) => {
    await writeFile(file, FILE);
    const refused = await changeSetting(file, name, value).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: 'input.invalid' });
    expect(await text()).toBe(FILE);
    const broken = (): unknown =>
      parseSettingsFile(JSON.stringify(nested(name.split('.'), value)), '/f.yaml', '/h');
    expect(broken).toThrow(`: ${(refused as Error).message}`);
  });

  it('leaves a broken file as it is', async () => {
    await writeFile(file, 'concurency: 5\n');
    await expect(changeSetting(file, 'language', 'en')).rejects.toMatchObject({ code: 'settings.invalid' });
    expect(await text()).toBe('concurency: 5\n');
  });

  it('knows its names only', () => {
    expect(settingName('facts.maxAge')).toBe('facts.maxAge');
    for (const name of ['hosts', '__proto__', 'facts', ''])
      expect(() => settingName(name)).toThrow(expect.objectContaining({ code: 'input.invalid' }));
  });
});

it('every value is read back as it is written', () => {
  const values = { ...DEFAULTS, 'timeouts.idle': 90_000, 'timeouts.command': 1500, outputLimit: 1500 };
  for (const name of SETTING_NAMES) {
    const written = writtenValue(name, values[name]);
    expect([name, SETTING_SCHEMAS[name].parse(written)]).toEqual([name, values[name]]);
    expect(SETTING_MEANINGS[name]).toMatch(/\S/);
  }
  expect(writtenValue('timeouts.idle', 90_000)).toBe('90s');
  expect(writtenValue('outputLimit', 1024 ** 2)).toBe('1MiB');
  expect([formOf('policy.mode'), formOf('corrections.off'), formOf('facts.maxAge')]).toEqual([
    'choice',
    'list',
    'duration',
  ]);
});

function nested(path: readonly string[], value: unknown): unknown {
  const [first = '', ...rest] = path;
  return { [first]: rest.length === 0 ? value : nested(rest, value) };
}
