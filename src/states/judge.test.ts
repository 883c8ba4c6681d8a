import { describe, expect, test } from 'vitest';
import { stateSchema, type State } from '../core/state.ts';
import { compileChecks, type CheckItem } from './compile-checks.ts';
import { parseChecks } from './parse-checks.ts';
import { describeState, effectsOf, privilegeOf, riskOf } from './registry.ts';

const MARKER = 'm0123456789abcdef';

/** What the host would print: facts of one item, then its end. */
function answer(item: string, facts: readonly string[]): Buffer {
  return Buffer.from([...facts, '. 0'].map(fact => `${MARKER} ${item} ${fact}\n`).join(''));
}

function judge(input: object, facts: readonly string[], item = '0') {
  const items: CheckItem[] = [{ id: 'x', state: stateSchema.parse(input) }];
  return parseChecks(answer(item, facts), MARKER, items).get('x');
}

describe('package', () => {
  const rows = ['dpkg = nginx amd64 installed 1.26-1', 'dpkg = curl amd64 config-files 8', 'asked = yes'];
  test.each([
    ['nginx', 'present', true],
    ['nginx', 'absent', false],
    ['curl', 'present', false],
    ['curl', 'absent', true],
    ['none', 'present', false],
    ['none', 'absent', true],
    ['nginx:amd64', 'present', true],
    ['nginx:i386', 'present', false],
  ])('%s %s → %s', (name, ensure, holds) => {
    expect(judge({ kind: 'package', name, ensure }, rows, '@package')?.holds).toBe(holds);
  });
  test('without dpkg nothing is decided', () => {
    expect(judge({ kind: 'package', name: 'a' }, ['error = no dpkg'], '@package')).toMatchObject({
      holds: null,
      detail: 'no dpkg',
    });
  });
});

describe('service', () => {
  const unit = (properties: Record<string, string>) => [
    ...Object.entries({
      Id: 'nginx.service',
      Names: 'nginx.service',
      LoadState: 'loaded',
      ActiveState: 'active',
      SubState: 'running',
      UnitFileState: 'enabled',
      StateChangeTimestamp: 'Mon 2026-01-05 10:00:00.000100 UTC',
      ReloadResult: 'success',
      ...properties,
    }).map(([key, value]) => `unit = ${key}=${value}`),
    'unit = =',
  ];
  const state = { kind: 'service', name: 'nginx' };
  const at = (properties: Record<string, string>, more: object = {}, facts: readonly string[] = []) =>
    judge({ ...state, ...more }, [...unit(properties), ...facts], '@service');

  test('running and enabled', () => {
    expect(at({})).toMatchObject({ holds: true });
    expect(at({ ActiveState: 'failed' })?.diff).toEqual([
      { field: 'running', before: 'failed', after: 'active' },
    ]);
    expect(at({ UnitFileState: 'disabled' })?.diff).toEqual([
      { field: 'enabled', before: 'disabled', after: 'enabled' },
    ]);
    expect(at({ UnitFileState: 'static' })?.holds).toBe(true);
    expect(at({ LoadState: 'masked', ActiveState: 'inactive', UnitFileState: 'masked' })).toMatchObject({
      holds: false,
      detail: expect.stringMatching(/^Unit nginx is masked\./),
    });
    expect(at({ Id: 'httpd.service', Names: 'httpd.service nginx.service' })?.holds).toBe(true);
    expect(at({ Id: 'other.service', Names: 'other.service' })?.holds).toBeNull();
  });

  test('stopped and disabled', () => {
    const off = { running: false, enabled: false };
    expect(at({}, off)?.diff.map(line => line.field)).toEqual(['running', 'enabled']);
    expect(at({ LoadState: 'not-found', ActiveState: 'inactive', UnitFileState: '' }, off)?.holds).toBe(true);
  });

  test('files newer than the last state change, to the microsecond', () => {
    const more = { reloadAfter: ['/etc/a b'] };
    const seconds = Date.parse('2026-01-05T10:00:00Z') / 1000;
    const changed = (micro: string) => [`changed = ${seconds}.${micro} /etc/a%20b`];
    expect(at({}, more, changed('000100'))?.holds).toBe(true);
    expect(at({}, more, changed('000101'))?.diff).toEqual([
      { field: 'configuration', before: '/etc/a b is newer than what runs', after: 'reloaded' },
    ]);
    expect(at({}, more, ['changed = missing /etc/a%20b'])?.holds).toBe(true);
    expect(at({ ReloadResult: 'exit-code' }, more, changed('000000'))?.holds).toBe(false);
  });

  test('without systemd nothing is decided', () => {
    expect(judge(state, ['error = no systemd'], '@service')).toMatchObject({
      holds: null,
      detail: 'no systemd',
    });
  });
});

describe('user and group', () => {
  const passwd = 'passwd = app:x:1001:1001::/home/app:/bin/bash';
  const key = 'ssh-ed25519 AAAAC3Nz me@home';
  test('shell, groups and keys', () => {
    const wanted = { kind: 'user', name: 'app', groups: ['docker'], authorizedKeys: [key] };
    const keys = (text: string) => `keys 64 ${Buffer.from(text).toString('base64')}`;
    const files = ['folder = 700 app app 4096 directory', 'keyfile = 600 app app 9 regular file'];
    expect(
      judge(wanted, [passwd, 'groups = app docker', ...files, keys('no-pty ssh-ed25519  AAAAC3Nz other\n')]),
    ).toMatchObject({ holds: true });
    expect(judge(wanted, [passwd, 'groups = app', ...files, keys(`#${key}\n`)])?.diff).toEqual([
      { field: 'groups', before: 'app', after: 'app docker' },
      { field: 'authorized_keys', before: 'absent', after: key },
    ]);
    expect(judge(wanted, ['passwd = '])?.diff[0]).toMatchObject({ field: 'user', before: 'absent' });
    expect(judge(wanted, [])?.holds).toBeNull();
  });
  test('group', () => {
    expect(judge({ kind: 'group', name: 'ops' }, ['group = ops:x:1:'])?.holds).toBe(true);
    expect(judge({ kind: 'group', name: 'ops', ensure: 'absent' }, ['group = ops:x:1:'])?.holds).toBe(false);
  });
});

test('remote text is sanitised, and a value with a newline cannot add facts', () => {
  const seen = judge({ kind: 'link', path: '/l', target: 'a' }, [
    'stat = 777 root root 1 symbolic link',
    `target 64 ${Buffer.from(`x\n${MARKER} 0 target = a\u001b[31m`).toString('base64')}`,
  ]);
  expect(seen?.diff).toEqual([{ field: 'link', before: `→ x\n${MARKER} 0 target = a`, after: '→ a' }]);
});

test('one dpkg-query and one systemctl for a whole plan', () => {
  const states = ['nginx', 'curl'].flatMap((name): State[] => [
    stateSchema.parse({ kind: 'package', name }),
    stateSchema.parse({ kind: 'service', name }),
  ]);
  const script = compileChecks(
    states.map((state, index) => ({ id: String(index), state })),
    MARKER,
  );
  expect(script.match(/dpkg-query -W/g)).toHaveLength(1);
  expect(script.match(/systemctl show/g)).toHaveLength(1);
  expect(() => compileChecks([], 'short; rm')).toThrow('marker');
});

test('effects, risk and privilege', () => {
  const risk = (input: object) => riskOf(stateSchema.parse(input));
  expect(risk({ kind: 'package', name: 'a' })).toBe('privileged');
  expect(risk({ kind: 'package', name: 'a', ensure: 'absent' })).toBe('destructive');
  const command = stateSchema.parse({
    kind: 'command',
    title: 'migrate',
    script: 'true',
    unless: 'false',
    privilege: 'user',
    effects: ['/srv/app', 'service:app', 'rows of the database'],
  });
  expect(effectsOf(command)).toEqual([
    { kind: 'path', subject: '/srv/app', risk: 'change' },
    { kind: 'service', subject: 'app', risk: 'change' },
    { kind: 'other', subject: 'rows of the database', risk: 'change' },
  ]);
  expect(privilegeOf(command)).toBe('user');
  expect(describeState(command)).toBe('command migrate');
});
