import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseByteSize } from './byte-size.ts';
import { loadSettings, settingsFileToWrite } from './load.ts';
import { flagName, mergeSettings } from './merge.ts';
import { deckhandPaths } from './paths.ts';
import { DEFAULTS, environmentName } from './schema.ts';
import { parseSettingsFile } from './settings-file.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'deckhand-settings-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(path: string, text: string): Promise<string> {
  const file = join(root, path);
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  return file;
}
const places = (folder: string, environment: Record<string, string> = {}) => ({
  folder: join(root, folder),
  home: join(root, 'home'),
  environment,
});

describe('loadSettings', () => {
  it('is content without any file', async () => {
    const settings = await loadSettings(places('nowhere'));
    expect(settings.values).toEqual(DEFAULTS);
    expect(settings.sourced.concurrency).toEqual({ value: 50, source: 'default' });
    expect(settingsFileToWrite(settings, places('nowhere'))).toBe(
      join(root, 'home/.config/deckhand/deckhand.yaml'),
    );
  });

  it('takes each value from the nearest layer and says which', async () => {
    const own = await write(
      'home/.config/deckhand/deckhand.yaml',
      'concurrency: 10\nlanguage: de\ntimeouts:\n  connect: 5s\noutputLimit: 2MiB\n',
    );
    const project = await write('work/deckhand.yaml', '# ours\nconcurrency: 20\nrunbooks: [books]\n');
    await mkdir(join(root, 'work/deep/er'), { recursive: true });
    const environment = {
      DECKHAND_TIMEOUTS_CONNECT: '7s',
      DECKHAND_FACTS_MAX_AGE: '10m',
      DECKHAND_LANGUAGE: '',
    };
    const flags = { 'facts.maxAge': '1m' };
    const settings = await loadSettings({ ...places('work/deep/er', environment), flags });
    const agentDefaults = Object.fromEntries(
      Object.entries(DEFAULTS).flatMap(([name, value]) =>
        name.startsWith('agent.') ? [[name, { value, source: 'default' }]] : [],
      ),
    );
    expect(settings.sourced).toEqual({
      concurrency: { value: 20, source: `${project}:2` },
      'timeouts.connect': { value: 7000, source: 'environment DECKHAND_TIMEOUTS_CONNECT' },
      'timeouts.command': { value: 0, source: 'default' },
      'timeouts.idle': { value: 0, source: 'default' },
      'timeouts.lost': { value: 86_400_000, source: 'default' },
      outputLimit: { value: 2 * 1024 * 1024, source: `${own}:5` },
      'facts.maxAge': { value: 60_000, source: 'flag --facts-max-age' },
      runbooks: { value: [join(root, 'work/books')], source: `${project}:3` },
      language: { value: 'de', source: `${own}:2` },
      'policy.mode': { value: 'off', source: 'default' },
      'policy.rules': { value: '', source: 'default' },
      'policy.terminal.record': { value: false, source: 'default' },
      'terminal.keep': { value: 60_000, source: 'default' },
      'terminal.idle': { value: 3_600_000, source: 'default' },
      'corrections.off': { value: [], source: 'default' },
      'console.listen': { value: '', source: 'default' },
      'audit.keep': { value: 34_560_000_000, source: 'default' },
      ...agentDefaults,
    });
    expect(settings.files).toEqual([project, own]);
  });

  it('merges hosts and groups by name, the nearer file first', async () => {
    const own = await write(
      'home/.config/deckhand/deckhand.yaml',
      'hosts:\n  a: {port: 1}\n  b: {port: 2}\n',
    );
    await write('work/deckhand.yaml', 'hosts:\n  a: {port: 3}\ngroups: {g: [a]}\n');
    const settings = await loadSettings(places('work'));
    expect(settings.hosts.get('a')?.value.port).toBe(3);
    expect(settings.hosts.get('b')?.source).toBe(`${own}:3`);
    expect([...settings.groups.keys()]).toEqual(['g']);
  });

  it('lets a project make the policy stricter, never looser than the person has it (D7)', async () => {
    const own = 'home/.config/deckhand/deckhand.yaml';
    await write(own, 'policy: {mode: ask, rules: own.yaml}\n');
    await write('loose/deckhand.yaml', 'policy: {mode: off, rules: other.yaml}\n');
    await write('strict/deckhand.yaml', 'policy: {mode: read-only}\n');
    const loose = await loadSettings(places('loose'));
    expect(loose.values['policy.mode']).toBe('ask');
    expect(loose.values['policy.rules']).toMatch(/own\.yaml$/);
    expect((await loadSettings(places('strict'))).values['policy.mode']).toBe('read-only');
    await rm(join(root, own));
    expect((await loadSettings(places('loose'))).values['policy.rules']).toMatch(/other\.yaml$/);
    await write(own, 'policy: {terminal: {record: true}}\n');
    await write('loose/deckhand.yaml', 'policy: {terminal: {record: false}}\n');
    expect((await loadSettings(places('loose'))).values['policy.terminal.record']).toBe(true);
  });

  it('lets the person say where plans come from, and no file spend more than another allows (A25)', async () => {
    const own = 'home/.config/deckhand/deckhand.yaml';
    await write(
      own,
      'agent: {model: gpu-1/qwen, budget: {tokens: 0, calls: 9}}\nmodelServers: {ours: {provider: anthropic, keyFile: ~/k}}\n',
    );
    await write(
      'work/deckhand.yaml',
      'agent: {model: evil/m, models: {repair: evil/r}, timeout: 2m, budget: {tokens: 5, calls: 90}}\nmodelServers: {ours: {url: http://evil}}\n',
    );
    const { values, modelServers } = await loadSettings(places('work'));
    expect([values['agent.model'], values['agent.timeout']]).toEqual(['gpu-1/qwen', 120_000]);
    expect([values['agent.budget.tokens'], values['agent.budget.calls']]).toEqual([5, 9]);
    expect(modelServers.get('ours')?.value).toEqual({
      provider: 'anthropic',
      url: 'https://api.anthropic.com',
      keyFile: join(root, 'home/k'),
      headers: {},
    });
    await rm(join(root, own));
    expect((await loadSettings(places('work'))).values['agent.model']).toBe('evil/m');
    const named = await loadSettings(places('nowhere', { DECKHAND_AGENT_MODEL: 'a/b' }));
    expect(named.values['agent.model']).toBe('a/b');
  });

  it('reads only the file that was named, and misses it', async () => {
    await write('work/deckhand.yaml', 'concurrency: 20\n');
    const file = await write('other.yaml', 'concurrency: 7\n');
    expect((await loadSettings({ ...places('work'), file })).values.concurrency).toBe(7);
    const missing = loadSettings({ ...places('work'), file: `${file}.no` });
    await expect(missing).rejects.toMatchObject({ code: 'local.file-missing' });
  });

  it('refuses a file that everyone can write', async () => {
    await chmod(await write('work/deckhand.yaml', 'hosts: {}\n'), 0o666);
    await expect(loadSettings(places('work'))).rejects.toMatchObject({ code: 'settings.invalid' });
  });
});

describe('parseSettingsFile', () => {
  it.each([
    ['concurrency: 0', 1, 'concurrency'],
    ['concurrency: many', 1, 'concurrency'],
    ['\nconcurency: 5', 2, 'concurency'],
    ['timeouts:\n  connect: soon', 2, 'timeouts.connect'],
    ['facts:\n  # how old\n  maxage: 1h', 3, 'facts.maxage'],
    ['outputLimit: 5 bananas', 1, 'outputLimit'],
    ['hosts:\n  web-1:\n    user: ops\n    port: 99999', 4, 'hosts.web-1.port'],
    ['hosts:\n  ok: {}\n  web-1:\n    prot: 22', 4, 'hosts.web-1.prot'],
    ['hosts:\n  "-v": {}', 2, 'hosts.-v'],
    ['hosts:\n  all: {}', 2, 'hosts.all'],
    ['hosts:\n  a: {jump: "-x"}', 2, 'hosts.a.jump'],
    ['groups:\n  web: nobody', 2, 'groups.web'],
    ['modelServers:\n  a: {}', 2, 'modelServers.a.url'],
    ['agent:\n  models: {dream: x}', 2, 'agent.models.dream'],
    ['agent:\n  timeout: 0', 2, 'agent.timeout'],
    ['- a list', 1, ''],
  ])('names line and field of %j', (text, line, field) => {
    const parse = (): unknown => parseSettingsFile(text, '/w/deckhand.yaml', '/h');
    expect(parse).toThrow(
      expect.objectContaining({
        code: 'settings.invalid',
        details: { file: '/w/deckhand.yaml', line, field },
      }),
    );
    expect(parse).toThrow(`/w/deckhand.yaml:${line}: ${field === '' ? 'file' : field}: `);
  });

  it('accepts empty texts and empty fields', () => {
    expect(parseSettingsFile('', '/f', '/h').settings).toEqual({});
    expect(parseSettingsFile('hosts:\ngroups:\n', '/f', '/h').settings).toEqual({ hosts: {}, groups: {} });
  });
});

describe('mergeSettings', () => {
  it('names the variable or the flag at fault', () => {
    expect(() => mergeSettings([], { DECKHAND_CONCURRENCY: 'x' })).toThrow(
      expect.objectContaining({
        code: 'settings.invalid',
        message: expect.stringContaining('DECKHAND_CONCURRENCY'),
      }),
    );
    expect(() => mergeSettings([], {}, { concurrency: '0' })).toThrow(
      expect.objectContaining({
        code: 'input.invalid',
        message: expect.stringContaining('flag --concurrency'),
      }),
    );
  });

  it('splits runbook folders', () => {
    expect(mergeSettings([], { DECKHAND_RUNBOOKS: '/a:/b:' }).values.runbooks).toEqual(['/a', '/b']);
  });

  it('derives names', () => {
    expect(environmentName('facts.maxAge')).toBe('DECKHAND_FACTS_MAX_AGE');
    expect(flagName('outputLimit')).toBe('output-limit');
  });
});

describe('deckhandPaths', () => {
  it('follows XDG and ignores relative folders', () => {
    expect(deckhandPaths({ XDG_STATE_HOME: '/s', XDG_CACHE_HOME: 'relative' }, '/home/me')).toEqual({
      config: '/home/me/.config/deckhand',
      state: '/s/deckhand',
      cache: '/home/me/.cache/deckhand',
    });
  });
});

describe('parseByteSize', () => {
  it.each([
    ['1024', 1024],
    ['64KiB', 65_536],
    ['10 MB', 10_000_000],
    ['1.5GiB', 1_610_612_736],
  ])('%s', (text, bytes) => {
    expect(parseByteSize(text, 'x')).toBe(bytes);
  });
  it.each(['', 'KiB', '-1', '1 TB', '0x10'])('refuses %j', text => {
    expect(() => parseByteSize(text, 'limit')).toThrow("limit: '");
  });
});
