import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { runScripted } from '../../src/cli/scripted-surroundings.ts';
import { transcript } from './transcript.ts';

/**
 * Every command's help and usage errors, kept as files: whoever changes a command line sees it in the diff.
 * Written anew with `npx vitest run --project unit test/cli --update`.
 */
const groups = Object.entries(COMMANDS).flatMap(([name, entry]) => ('commands' in entry ? [name] : []));
const commands = Object.entries(COMMANDS).flatMap(([name, entry]) =>
  'commands' in entry
    ? Object.entries(entry.commands).map(([word, command]) => ({ line: `${name} ${word}`, command }))
    : [{ line: name, command: entry }],
);

/** Command lines that are wrong in a way of their own. */
const WRONG: Readonly<Record<string, readonly (readonly string[])[]>> = {
  exec: [
    ['web-1'],
    ['web-1', '--timeout', 'soon', '--', 'true'],
    ['web-1', '--detach', '--wait', '--', 'true'],
    ['web-1', '--detach', '--local', '--', 'true'],
    ['web-1', '--detach', '--ask-sudo-password', '--', 'true'],
    ['web-1', '--priority', '101', '--', 'true'],
    ['web-1', '--retries=-1', '--', 'true'],
    ['web-1', '--on-lost', 'forget', '--', 'true'],
    ['web-1', '--at', 'tomorrow', '--', 'true'],
    ['web-1', '--at', '2027-01-31T08:00', '--in', '5m', '--', 'true'],
    ['web-1', '--json', '--jsonl', '--', 'true'],
  ],
  put: [
    ['web-1:/srv'],
    ['no-such-file', 'web-1:/srv'],
    ['/etc', 'web-1:/srv'],
    ['/etc/passwd', '/srv'],
    ['web-1:/etc/passwd', 'web-2:/srv'],
    ['/etc/passwd', ':/srv'],
    ['/etc/passwd', 'web-1:~other/x'],
    ['/etc/passwd', '/etc/passwd', 'web-1:/srv'],
    ['/etc/passwd', 'web-1:/srv', '--links', 'copy'],
    ['/etc/passwd', 'web-1:/srv', '--limit-rate', 'fast'],
    ['/etc/passwd', 'web-1:/srv', '--exclude', ''],
    ['/etc/passwd', 'web-1:/srv', '--exclude-from', 'no-such-file'],
    ['/etc/passwd', 'web-1:/srv', '--detach', '--dry-run'],
    ['/etc/passwd', '/etc/group', 'web-1:/srv', '--key', 'k'],
  ],
  get: [
    ['web-1:/etc/hosts'],
    ['/etc/hosts', '.'],
    ['web-1:/etc/hosts', 'web-2:/srv'],
    ['web-1:/etc/', '.'],
    ['web-1:', '.'],
    ['@web:/etc/hosts', '/etc/passwd'],
    ['web-1:/a/x', 'web-1:/b/x', 'no-such-folder'],
  ],
  sync: [
    ['web-1:/srv'],
    ['here', 'there'],
    ['web-1:/srv', 'web-2:/srv'],
    ['no-such-folder', 'web-1:/srv'],
    ['/etc/passwd', 'web-1:/srv'],
    ['@web:/srv', 'here'],
    ['--both', 'web-1:/srv', 'here'],
    ['--both', 'here', '@web:/srv'],
  ],
  ls: [['/srv'], ['web-1:/srv', 'web-2:/srv'], ['web-1:/srv', '--limit', '0']],
  cp: [['web-1:/a'], ['web-1:/a', '/b'], ['@web:/a', 'web-2:/b'], ['web-1:/a', '@web:/b']],
  ask: [
    ['x'],
    ['--host', 'a'],
    ['x', '--host', ''],
    ['x', '--host', 'a', '--confirm'],
    ['x', '--host', 'a', '--detach', '--confirm'],
    ['x', '--host', 'a', '--detach', '--report', 'x.md'],
    ['x', '--host', 'a', '--yes', '--report', 'x.pdf'],
    ['x', '--host', 'a', '--set', 'port'],
    ['x', '--host', 'a', '--dry-run', '--yes'],
    ['--host', 'a', '--dry-run'],
  ],
  apply: [
    ['no-such-file.yaml', '--host', 'a'],
    ['x.yaml', '--host', 'a', '--dry-run', '--detach'],
  ],
  plan: [['x', '--host', 'a', '--set', 'p=1', '--set', 'p=2']],
  doctor: [['--ask-sudo-password'], ['--ask-sudo-password', '--sudo-password-fd', '3']],
  'hosts add': [['a', 'b', '--port', '0']],
  'task list': [
    ['--state', 'done'],
    ['--limit', '0'],
  ],
  'task remove': [[], ['--older-than', 'long']],
  'queue limits': [
    ['--total', '0'],
    ['--host', 'web-1'],
  ],
  'schedule add': [
    ['nightly', '0 3 * * *', '--host', 'a'],
    ['nightly', '0 3 * * *', '--host', 'a', '--intent', 'x', '--', 'true'],
    ['nightly', '0 3 * * *', '--host', 'a', '--missed', 'twice', '--', 'true'],
  ],
  'daemon logs': [['--lines', 'all']],
};

describe('transcripts', () => {
  test.each(commands)('$line', async ({ line }) => {
    const words = line.split(' ');
    const lines = [[], ['--bogus'], ...(WRONG[line] ?? [])].map(rest => [...words, ...rest]);
    const parts = [await transcript([...words, '--help'])];
    for (const inputs of lines) {
      const text = await transcript(inputs);
      // without arguments some commands do their work: that is told elsewhere
      if (inputs.length > words.length || text.endsWith('exit 2\n')) parts.push(text);
    }
    expect(parts.slice(1).filter(part => !part.endsWith('exit 2\n'))).toEqual([]);
    await expect(parts.join('\n')).toMatchFileSnapshot(`transcripts/${words.join('-')}.txt`);
  });

  test('deckhand itself and its groups', async () => {
    const lines = [['--help'], ['--version'], ['bogus'], ['exek', 'web-1', '--', 'true'], ['task', 'lisst']];
    const parts = [];
    for (const inputs of [...lines, ...groups.map(group => [group, '--help'])])
      parts.push(await transcript(inputs));
    await expect(parts.join('\n')).toMatchFileSnapshot('transcripts/deckhand.txt');
  });
});

describe('every command', () => {
  test.each(commands)('$line is listed with its own words', async ({ command }) => {
    expect((await command.load()).brief).toBe(command.brief);
  });

  test.each(commands)('$line has an example', async ({ line }) => {
    const { stdout, opened } = await runScripted([...line.split(' '), '--help']);
    expect(stdout).toMatch(new RegExp(`Example:\n  deckhand ${line}`));
    expect(opened).toBeNull();
  });
});
