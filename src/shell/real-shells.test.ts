import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everyCommand } from './every-command.ts';
import { randomNumbers, randomScript } from './random-script.ts';
import { readShell } from './read-script.ts';
import { staticText } from './word-meaning.ts';

/** More with DECKHAND_FUZZ_SCRIPTS=20000; another start with DECKHAND_FUZZ_SEED. */
const SCRIPTS = Number(process.env['DECKHAND_FUZZ_SCRIPTS'] ?? 100);
const SEED = Number(process.env['DECKHAND_FUZZ_SEED'] ?? 1);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'deckhand-shells-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('every command name that bash or dash tries was seen before', { timeout: 600_000 }, () => {
  const shells = [triedByBash, triedByDash];
  const random = randomNumbers(SEED);
  let relied = 0;
  const unseen: { script: string; name: string }[] = [];
  for (let count = 0; count < SCRIPTS; count += 1) {
    const script = randomScript(random);
    const seen = namesIn(script);
    if (seen === null) continue;
    relied += 1;
    const tried = shells.flatMap(shell => shell(script));
    unseen.push(...tried.filter(name => !isSeen(name, seen)).map(name => ({ script, name })));
  }
  expect(unseen).toEqual([]);
  expect(relied).toBeGreaterThan(SCRIPTS / 25);
});

test('the comparison sees what a shell tries', () => {
  // one after the other: what two commands say at once may come in one line
  const script = 'qxz; (zzq); "x"qq';
  expect(triedByBash(script)).toEqual(['qxz', 'zzq', 'xqq']);
  expect(triedByDash(script)).toEqual(['qxz', 'zzq', 'xqq']);
});

/** A name with blanks comes from dash without what stands before the last one. */
function isSeen(name: string, seen: ReadonlySet<string>): boolean {
  return seen.has(name) || [...seen].some(one => /\s/.test(one) && one.endsWith(name));
}

/** All command names, when the reading claims to know all of them; else null. */
function namesIn(script: string): ReadonlySet<string> | null {
  const read = readShell(script);
  if (read.faults.length > 0) return null;
  const names = new Set<string>();
  for (const { words } of everyCommand(read)) {
    const [first] = words;
    if (!first) continue;
    const name = staticText(first);
    if (name === null || name === 'eval') return null;
    names.add(name);
  }
  return names;
}

function triedByBash(script: string): readonly string[] {
  const log = join(folder, 'tried');
  writeFileSync(log, '');
  const handler = '() { builtin printf \'%s\\0\' "$1" >> "$TRIED"; return 127; }';
  const environment = { PATH: '/nonexistent', TRIED: log, 'BASH_FUNC_command_not_found_handle%%': handler };
  run('bash', ['--norc', '--noprofile', '-c', script], environment);
  return readFileSync(log, 'utf8').split('\0').slice(0, -1);
}

function triedByDash(script: string): readonly string[] {
  const errors = run('dash', ['-c', script], { PATH: '/nonexistent' });
  // parts of two messages may come in one line when two commands run at once: only whole ones count
  return [...errors.matchAll(/^\S*dash: \d+: ([^:\s]+): not found$/gm)].map(([, name = '']) => name);
}

function run(shell: string, words: readonly string[], env: Record<string, string>): string {
  const path = ['/bin', '/usr/bin'].map(place => `${place}/${shell}`).find(existsSync);
  expect(path, `${shell} is needed`).toBeDefined();
  // stdin is empty, and no script waits: the limit only ends a run that went wrong
  const { stderr } = spawnSync(path ?? '', words, {
    env,
    cwd: folder,
    timeout: 60_000,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return stderr.toString('utf8');
}
