import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mergeSettings, type Settings } from '../settings/merge.ts';
import { parseSettingsFile } from '../settings/settings-file.ts';
import { addHost } from './add-host.ts';
import { buildInventory, loadInventory } from './inventory.ts';
import { readSshAliases, sshDirectives } from './ssh-aliases.ts';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'deckhand-fleet-'));
  await mkdir(join(home, '.ssh', 'conf.d'), { recursive: true });
});
afterEach(() => rm(home, { recursive: true, force: true }));

function settingsOf(text: string, file = '/w/deckhand.yaml'): Settings {
  return mergeSettings([parseSettingsFile(text, file, '/home/me')], {});
}

describe('readSshAliases', () => {
  it('finds concrete names only, through Include, with file and line', async () => {
    const config = join(home, '.ssh', 'config');
    const text = [
      '# a comment',
      'Include conf.d/*.conf',
      'Host web-1 web-*  !old "db 1" db-1 # tail',
      '  HostName 10.0.0.1',
      'host=cache',
      'Match host x',
      'Host * all',
      'Host web-1',
      'Include ~/extra missing',
    ].join('\n');
    await writeFile(config, text);
    await writeFile(join(home, '.ssh', 'conf.d', 'b.conf'), 'Host beta\n');
    await writeFile(join(home, '.ssh', 'conf.d', 'a.conf'), '\nHost alpha\nInclude conf.d/a.conf\n');
    await writeFile(join(home, 'extra'), 'Host extra\r\n');
    const aliases = await readSshAliases(config, home);
    expect(aliases.map(({ name, line }) => [name, line])).toEqual([
      ['alpha', 2],
      ['beta', 1],
      ['web-1', 3],
      ['db-1', 3],
      ['cache', 5],
      ['extra', 1],
    ]);
    expect(await readFile(config, 'utf8')).toBe(text);
  });

  it('has no names for a missing file', async () => {
    expect(await readSshAliases(join(home, 'none'), home)).toEqual([]);
  });

  it('reads keywords in all of their spellings', () => {
    expect(sshDirectives('  HOST\t= "a b" c\nnothing')).toEqual([
      { keyword: 'host', values: ['a b', 'c'], line: 1 },
    ]);
  });
});

describe('buildInventory', () => {
  const settings = settingsOf(
    [
      'hosts:',
      '  web-10: { address: 10.0.0.10, groups: [web] }',
      '  web-2:',
      '    user: ops',
      '    port: 2222',
      '    identityFile: ~/.ssh/id_web',
      '    knownHostsFile: known_hosts',
      '    jump: [a, b@c:22]',
      '  bare:',
      'groups:',
      '  web: [web-2]',
      '  prod: ["@web", alias]',
    ].join('\n'),
  );
  const inventory = buildInventory(
    [
      { name: 'alias', file: '/c', line: 4 },
      { name: 'web-2', file: '/c', line: 7 },
    ],
    settings,
  );

  it('joins both sources, sorted as people count', () => {
    expect(inventory.hosts.map(({ name, source, groups }) => ({ name, source, groups }))).toEqual([
      { name: 'alias', source: 'ssh-config /c:4', groups: ['prod'] },
      { name: 'bare', source: 'deckhand.yaml /w/deckhand.yaml:9', groups: [] },
      { name: 'web-2', source: 'deckhand.yaml /w/deckhand.yaml:3', groups: ['prod', 'web'] },
      { name: 'web-10', source: 'deckhand.yaml /w/deckhand.yaml:2', groups: ['prod', 'web'] },
    ]);
    expect(inventory.groups).toEqual(['prod', 'web']);
  });

  it('hands over what was said of a host, with absolute paths', () => {
    expect(inventory.hosts.find(host => host.name === 'web-2')?.overrides).toEqual({
      user: 'ops',
      port: 2222,
      identityFile: '/home/me/.ssh/id_web',
      knownHostsFile: '/w/known_hosts',
      proxyJump: 'a,b@c:22',
    });
    expect(inventory.hosts[0]?.overrides).toEqual({});
  });

  it.each([
    ['groups:\n  a: [nobody]', "/w/deckhand.yaml:2: groups.a: its member 'nobody' is neither"],
    ['groups:\n  a: [b]\n  b: [a]', 'groups contain each other: a → b → a'],
  ])('refuses %j', (text, message) => {
    expect(() => buildInventory([], settingsOf(text))).toThrow(message);
  });
});

it('forty layers of groups within groups are looked through at once', () => {
  const layers = Array.from({ length: 40 }, (_, at) => [
    `  a${at}: [a${at + 1}, b${at + 1}]`,
    `  b${at}: [a${at + 1}, b${at + 1}]`,
  ]);
  const text = ['hosts:', '  web: {}', 'groups:', ...layers.flat(), '  a40: [web]', '  b40: [web]'].join(
    '\n',
  );
  expect(buildInventory([], settingsOf(text)).hosts[0]?.groups).toHaveLength(82);
});

describe('addHost', () => {
  it('makes the file, private', async () => {
    const file = join(home, 'new', 'deckhand.yaml');
    const place = await addHost({ hosts: [], groups: [] }, file, 'web-1', { address: '10.0.0.1' });
    expect(place).toBe(`${file}:2`);
    expect(await readFile(file, 'utf8')).toBe('hosts:\n  web-1:\n    address: 10.0.0.1\n');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('keeps comments and order, and can be read back', async () => {
    const file = join(home, 'deckhand.yaml');
    const before =
      '# ours\nconcurrency: 5 # few\nhosts:\n  # the old one\n  old: { port: 2222 } # keep\n\n# end\n';
    await writeFile(file, before);
    await addHost({ hosts: [], groups: [] }, file, 'web-1', { user: 'ops', groups: ['web'] });
    const after = await readFile(file, 'utf8');
    for (const line of before.split('\n')) expect(after).toContain(line);
    const settings = mergeSettings([parseSettingsFile(after, file, home)], {});
    const inventory = await loadInventory(settings, home);
    expect(inventory.hosts.map(host => host.name)).toEqual(['old', 'web-1']);
    await expect(addHost(inventory, file, 'old', {})).rejects.toMatchObject({ code: 'fleet.host-exists' });
    await expect(addHost({ hosts: [], groups: [] }, file, 'old', {})).rejects.toThrow(`${file}:5`);
  });

  it('fills an empty hosts field', async () => {
    const file = join(home, 'deckhand.yaml');
    await writeFile(file, 'hosts:\n');
    await addHost({ hosts: [], groups: [] }, file, 'a', {});
    expect(await readFile(file, 'utf8')).toContain('  a: {}');
  });

  it.each([
    ['all', {}],
    ['-v', {}],
    ['web-1', { port: 70_000 }],
    ['web-1', { user: '-oProxyCommand' }],
  ])('refuses %s %j and leaves the file alone', async (name, entry) => {
    const file = join(home, 'deckhand.yaml');
    await writeFile(file, 'language: de\n');
    const work = addHost({ hosts: [], groups: [] }, file, name, entry);
    await expect(work).rejects.toMatchObject({ code: 'input.invalid' });
    expect(await readFile(file, 'utf8')).toBe('language: de\n');
  });
});
