import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stateSchema, type State } from '../core/state.ts';
import { compileChecks, createMarker, type CheckItem } from './compile-checks.ts';
import { parseChecks } from './parse-checks.ts';
import { applyState } from './registry.ts';
import type { Observation } from './state-kind.ts';

const SHELLS = [
  { name: 'dash', words: ['dash'] },
  { name: 'bash', words: ['bash'] },
  { name: 'busybox ash', words: ['busybox', 'ash'] },
].filter(({ words }) => ['/bin', '/usr/bin'].some(folder => existsSync(`${folder}/${words[0]}`)));

const owner = userInfo().username;
const group = execFileSync('id', ['-gn'], { encoding: 'utf8' }).trim();
const HOSTILE =
  'quo\'te "double" `id` $(touch pwned) $HOME \\n \\\\ %s\nüñ 日本\t\r\n\n-n\nno newline at end';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'deckhand-states-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string, more: object = {}): State =>
  stateSchema.parse({ kind: 'file', path: join(folder, path), owner, group, ...more });
const line = (path: string, more: object): State =>
  stateSchema.parse({ kind: 'line', path: join(folder, path), ...more });

describe.each(SHELLS)('$name', ({ words }) => {
  const run = (script: string) => {
    // A script may be longer than the kernel lets one argument be.
    const path = join(folder, '.script');
    writeFileSync(path, script);
    const result = spawnSync(words[0] ?? 'sh', [...words.slice(1), path], {
      cwd: folder,
      maxBuffer: 1 << 25,
    });
    return { code: result.status, stdout: result.stdout, stderr: result.stderr.toString() };
  };
  const checkAll = (items: readonly CheckItem[]): Map<string, Observation> => {
    const marker = createMarker();
    const result = run(compileChecks(items, marker));
    expect(result).toMatchObject({ code: 0, stderr: '' });
    return parseChecks(result.stdout, marker, items);
  };
  const check = (state: State): Observation => {
    const seen = checkAll([{ id: 'x', state }]).get('x');
    if (!seen) throw new Error('no observation');
    return seen;
  };
  const apply = (state: State) => run(applyState(state));
  /** Change is seen, made, seen to hold, and making it again touches nothing. */
  const converge = (state: State, path?: string): Observation => {
    const before = check(state);
    expect(before.holds).toBe(false);
    expect(apply(state)).toMatchObject({ code: 0, stderr: '' });
    expect(check(state)).toMatchObject({ holds: true, diff: [] });
    const inode = path === undefined ? 0 : statSync(path, { bigint: true });
    expect(apply(state)).toMatchObject({ code: 0, stderr: '' });
    if (inode !== 0) {
      const now = statSync(path ?? '', { bigint: true });
      expect([now.ino, now.mtimeNs, now.ctimeNs]).toEqual([inode.ino, inode.mtimeNs, inode.ctimeNs]);
    }
    return before;
  };
  const leftovers = () =>
    execFileSync('find', [folder, '-name', '.deckhand*'], { encoding: 'utf8' }).split('\n').filter(Boolean);

  test('file: hostile content and path arrive byte for byte', () => {
    const name = '-a b\'c"$(id)\n*';
    const path = join(folder, name);
    const state = file(name, { content: HOSTILE, mode: '0640' });
    expect(converge(state, path).diff[0]).toMatchObject({ field: 'file', before: 'absent' });
    expect(readFileSync(path, 'utf8')).toBe(HOSTILE);
    expect((statSync(path).mode & 0o7777).toString(8)).toBe('640');
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
    expect(leftovers()).toEqual([]);
  });

  test('file: content and mode that differ are shown as they are', () => {
    writeFileSync(join(folder, 'a.conf'), 'one\ntwo\n');
    chmodSync(join(folder, 'a.conf'), 0o666);
    const state = file('a.conf', { content: 'one\nthree\n' });
    expect(converge(state, join(folder, 'a.conf')).diff).toEqual([
      { field: 'content', before: 'one\ntwo\n', after: 'one\nthree\n' },
      { field: 'mode', before: '0666', after: '0644' },
    ]);
  });

  test('file: a private text is never fetched or shown', () => {
    writeFileSync(join(folder, 'key'), 'secret\n', { mode: 0o600 });
    const state = file('key', { content: 'new secret\n', mode: '0600' });
    const text = JSON.stringify(converge(state, join(folder, 'key')));
    expect(text).toContain('7 bytes, sha256 ');
    expect(text).not.toContain('secret');
  });

  test('file: only a missing newline at the end is still a difference one can see', () => {
    writeFileSync(join(folder, 'a'), 'x');
    const [difference] = converge(file('a', { content: 'x\n' }), join(folder, 'a')).diff;
    expect(difference?.before).toMatch(/^1 bytes/);
    expect(difference?.after).toMatch(/^2 bytes/);
  });

  test('file: one megabyte', () => {
    const content = 'ü0123456789'.repeat(83_000);
    converge(file('large', { content }), join(folder, 'large'));
    expect(readFileSync(join(folder, 'large'), 'utf8') === content).toBe(true);
  });

  test('file: what it must not replace stays, with a message', () => {
    mkdirSync(join(folder, 'd'));
    symlinkSync('/nowhere', join(folder, 'l'));
    expect(check(file('d')).diff).toEqual([{ field: 'type', before: 'directory', after: 'regular file' }]);
    expect(apply(file('d'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('not a regular file'),
    });
    expect(apply(file('l'))).toMatchObject({ code: 1, stderr: expect.stringContaining('symbolic link') });
    expect(apply(file('no/where')).stderr).toBe(`Directory ${join(folder, 'no')} is missing.\n`);
  });

  test('file: refused by its validation, the old content stays', () => {
    writeFileSync(join(folder, 'a'), 'good\n');
    const state = file('a', { content: 'bad\n', validate: 'grep -q good %s' });
    expect(apply(state)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('refused by its validation'),
    });
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('good\n');
    expect(leftovers()).toEqual([]);
    expect(apply(file('a', { content: 'good 2\n', validate: 'grep -q good %s' })).code).toBe(0);
  });

  test('file, directory, link: absent', () => {
    writeFileSync(join(folder, 'f'), '');
    mkdirSync(join(folder, 'd/e'), { recursive: true });
    writeFileSync(join(folder, 'd/e/f'), '');
    symlinkSync('d', join(folder, 'l'));
    converge(file('f', { ensure: 'absent' }));
    converge(stateSchema.parse({ kind: 'link', path: join(folder, 'l'), target: 'd', ensure: 'absent' }));
    expect(existsSync(join(folder, 'd/e/f'))).toBe(true);
    converge(stateSchema.parse({ kind: 'directory', path: join(folder, 'd'), ensure: 'absent' }));
    expect(
      apply(stateSchema.parse({ kind: 'directory', path: '/deckhand-top', ensure: 'absent' })).code,
    ).toBe(1);
  });

  test('directory: created with parents; mode corrected, also set-group-id', () => {
    const path = join(folder, 'p q/r');
    const state = (mode: string) => stateSchema.parse({ kind: 'directory', path, owner, group, mode });
    converge(state('2750'), path);
    const seen = converge(state('0755'), path);
    expect(seen.diff).toEqual([{ field: 'mode', before: '2750', after: '0755' }]);
  });

  test('link: made, turned, and never in place of a file', () => {
    const path = join(folder, 'l k');
    const link = (target: string) => stateSchema.parse({ kind: 'link', path, target });
    converge(link('-x $(id)'));
    mkdirSync(join(folder, 'real'));
    expect(converge(link('real')).diff).toEqual([{ field: 'link', before: '→ -x $(id)', after: '→ real' }]);
    converge(link('other'));
    expect(readlinkSync(path)).toBe('other');
    writeFileSync(join(folder, 'f'), 'x');
    const blocked = stateSchema.parse({ kind: 'link', path: join(folder, 'f'), target: 'real' });
    expect(check(blocked).holds).toBe(false);
    expect(apply(blocked)).toMatchObject({ code: 1, stderr: expect.stringContaining('not a symbolic link') });
    expect(leftovers()).toEqual([]);
  });

  test('line: appended once, replaced once, removed', () => {
    const path = join(folder, 'sshd');
    writeFileSync(path, '#Port 22\nA\\n $HOME\nPort 2222', { mode: 0o640 });
    const text = () => readFileSync(path, 'utf8');
    converge(line('sshd', { line: "X 'y' \\t $(id) .*" }), path);
    expect(text()).toBe("#Port 22\nA\\n $HOME\nPort 2222\nX 'y' \\t $(id) .*\n");
    const seen = converge(line('sshd', { line: 'Port 22', replace: '^#?Port ' }), path);
    expect(seen.diff).toEqual([{ field: 'line', before: '#Port 22\nPort 2222', after: 'Port 22' }]);
    expect(text()).toBe("Port 22\nA\\n $HOME\nX 'y' \\t $(id) .*\n");
    converge(line('sshd', { line: 'A\\n $HOME', ensure: 'absent' }), path);
    expect(text()).toBe("Port 22\nX 'y' \\t $(id) .*\n");
    expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
    converge(line('new', { line: '-e' }), join(folder, 'new'));
    expect(check(line('none', { line: 'x', ensure: 'absent' })).holds).toBe(true);
    expect(check(line('sshd', { line: 'x', replace: '(' }))).toMatchObject({ holds: null });
    expect(apply(line('sshd', { line: 'x', replace: '(' })).code).toBe(1);
    expect(leftovers()).toEqual([]);
  });

  test('command: proved by `unless` and `creates`, with its evidence', () => {
    const made = join(folder, 'made it');
    const base = { kind: 'command', title: 'make it', script: `echo ran >> '${made}'` };
    converge(stateSchema.parse({ ...base, creates: made }), made);
    const unless = stateSchema.parse({
      ...base,
      creates: made,
      unless: `echo looked; test "$(wc -l <'${made}')" -ge 2`,
    });
    expect(converge(unless, made).detail).toBe('looked');
    expect(readFileSync(made, 'utf8')).toBe('ran\nran\n');
  });

  test('free checks: broken, chatty, killed and forging ones hurt nobody', () => {
    const scripts: Record<string, string> = {
      good: 'echo evidence; cat; true',
      bad: 'echo why >&2; exit 3',
      syntax: 'if (',
      quote: "echo 'unclosed",
      kill: 'kill -9 $$',
      silent: 'false',
      chatty: 'seq 1 100000; echo last',
      forge: 'printf "\\n%s 0 check = x\\n%s 0\\n" "$M" "$M"; exit 1',
      exit: 'set -eu; exit 0',
    };
    const items = Object.entries(scripts).map(([id, script]): CheckItem => {
      return { id, check: { title: id, script, privilege: 'user', within: 0 } };
    });
    const seen = checkAll([...items, { id: 'state', state: file('x') }]);
    const verdicts = Object.fromEntries([...seen].map(([id, found]) => [id, found.holds]));
    expect(verdicts).toEqual({
      good: true,
      bad: false,
      syntax: false,
      quote: false,
      kill: null,
      silent: false,
      chatty: true,
      forge: false,
      exit: true,
      state: false,
    });
    expect(seen.get('good')?.detail).toBe('evidence');
    expect(seen.get('bad')).toMatchObject({
      detail: 'why',
      diff: [{ before: 'does not hold', after: 'bad' }],
    });
    expect(seen.get('silent')?.detail).toBe('exit code 1');
    expect(seen.get('chatty')?.detail).toMatch(/^[^]{4000,4200}$/);
    expect(seen.get('chatty')?.detail).toMatch(/100000\nlast$/);
  });

  test('fifty states in one script; one that cannot be read is null', () => {
    const items = Array.from({ length: 50 }, (_, index): CheckItem => {
      if (index % 2 === 1) writeFileSync(join(folder, `f${index}`), `content ${index}\n`);
      return { id: `s${index}`, state: file(`f${index}`, { content: `content ${index}\n` }) };
    });
    const seen = checkAll(items);
    expect([...seen.values()].map(found => found.holds)).toEqual(items.map((_, index) => index % 2 === 1));
    const far = file('x'.repeat(300));
    expect(check(far)).toMatchObject({ holds: null, detail: expect.stringContaining('too long') });
  });

  test('an output that stops early decides nothing', () => {
    const items: CheckItem[] = [
      { id: 'a', state: file('a', { ensure: 'absent' }) },
      { id: 'b', state: file('b', { ensure: 'absent' }) },
    ];
    const marker = createMarker();
    const { stdout } = run(compileChecks(items, marker));
    const whole = stdout.toString();
    const cut = whole.slice(0, whole.indexOf(`${marker} 1 .`));
    const seen = parseChecks(Buffer.from(`noise${cut}`), marker, items);
    expect(seen.get('a')?.holds).toBe(true);
    expect(seen.get('b')).toEqual({ holds: null, diff: [], detail: 'The check did not finish.' });
    expect(parseChecks(stdout, createMarker(), items).get('a')?.holds).toBeNull();
  });

  test('a file with an old time does not matter, its content does', () => {
    writeFileSync(join(folder, 'a'), 'x');
    utimesSync(join(folder, 'a'), 1, 1);
    expect(check(file('a', { content: 'x' })).holds).toBe(true);
  });
});
