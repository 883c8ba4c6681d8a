import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decide } from './decide.ts';
import { judgeCommand } from './judge.ts';
import { DESTRUCTIVE_FORMS, HARMLESS_FORMS } from './testdata/reference-commands.ts';
import { CLASSES, type CommandClass } from './verdict.ts';

interface Row {
  readonly id: string;
  readonly command: string;
  readonly expected?: CommandClass;
  /** The mildest class that is right. */
  readonly least?: CommandClass;
}

function rowsOf(name: string): readonly Row[] {
  const text = readFileSync(new URL(`testdata/${name}.jsonl`, import.meta.url), 'utf8');
  return text
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Row);
}

const rank = (found: CommandClass): number => CLASSES.indexOf(found);
const runsUnasked = (command: string): boolean =>
  decide(judgeCommand(command), 'auto', ['web-1'], { rules: [] }).decision === 'run';

test('no adversarial command is classed as harmless', () => {
  const low = rowsOf('commands-adversarial')
    .map(row => ({ ...row, found: judgeCommand(row.command).class }))
    .filter(
      ({ expected = 'destructive', found }) => rank(found) < Math.min(rank(expected), rank('destructive')),
    );
  expect(low).toEqual([]);
});

test.each(['commands-disguised', 'commands-disguised-again'])(
  'no command of %s is classed as harmless',
  name => {
    const low = rowsOf(name)
      .map(row => ({ ...row, found: judgeCommand(row.command).class }))
      .filter(({ least = 'destructive', found }) => rank(found) < rank(least));
    expect(low).toEqual([]);
  },
);

test('every benign command has its class', () => {
  const other = rowsOf('commands-benign')
    .map(row => ({ ...row, found: judgeCommand(row.command).class }))
    .filter(({ expected, found }) => found !== expected);
  expect(other).toEqual([]);
});

test('no command of commands-never-unasked runs unasked', () => {
  expect(rowsOf('commands-never-unasked').filter(({ command }) => runsUnasked(command))).toEqual([]);
});

test.each(['commands-benign', 'commands-everyday', 'commands-daily'])(
  'in auto at most 5 percent of %s ask',
  name => {
    const rows = rowsOf(name);
    const asked = rows.filter(({ command }) => !runsUnasked(command)).map(({ command }) => command);
    expect(asked.length / rows.length, asked.join('\n')).toBeLessThanOrEqual(0.05);
  },
);

test.each(DESTRUCTIVE_FORMS)('never unasked: %s', command => {
  expect(rank(judgeCommand(command).class)).toBeGreaterThanOrEqual(rank('destructive'));
  expect(runsUnasked(command)).toBe(false);
});

test.each(HARMLESS_FORMS)('unasked by default: %s', command => {
  expect(judgeCommand(command).class).toBe('read-only');
});

test('a program of their own in the background runs in an approved step', () => {
  const verdict = judgeCommand('nohup ./worker &');
  expect(verdict.class).toBe('unknown');
  // what asks is covered by the approval of the plan; what is refused would not be
  for (const mode of ['ask', 'auto'] as const)
    expect(decide(verdict, mode, ['web-1'], { rules: [] }).decision).toBe('ask');
});

test('a folder that the task itself made below /tmp may go', () => {
  expect(judgeCommand('rm -r /tmp/build-1', { made: ['/tmp/build-1'] }).class).toBe('read-only');
  expect(judgeCommand('mkdir /tmp/b && rm -r /tmp/b').class).toBe('change');
  expect(judgeCommand('mkdir -p /tmp/b && rm -r /tmp/b').class).toBe('destructive');
  expect(judgeCommand('rm -r /srv', { made: ['/srv'] }).class).toBe('destructive');
});

test('choosing old logs is no removal of the log folder', () => {
  expect(judgeCommand("find /var/log -name '*.gz' -mtime +30 -delete").class).toBe('destructive');
  expect(judgeCommand('find /var/log -delete').class).toBe('forbidden');
  expect(judgeCommand("find /etc -name '*.conf' -delete").class).toBe('forbidden');
});
