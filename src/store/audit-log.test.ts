import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AUDIT_FILE, AuditLog, type NewAuditRecord, readAuditLog } from './audit-log.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deckhand-audit-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const entry = (command: string): NewAuditRecord => ({
  time: 1,
  who: 'me',
  action: 'policy.refused',
  hosts: ['web-1'],
  command,
  class: 'forbidden',
  risks: ['data-loss'],
  rule: null,
  why: 'it is never run',
  meaning: 'ab',
  requestId: 'req-1',
});
const file = (): string => join(folder, AUDIT_FILE);

async function three(): Promise<void> {
  const log = new AuditLog(folder);
  // at once: the order of the calls is the order of the lines
  await Promise.all(
    ['rm -rf /', 'rm -rf /etc\n# привет', 'reboot'].map(async one => await log.append(entry(one))),
  );
}

test('lines are chained, in order, over openings', async () => {
  await three();
  await new AuditLog(folder).append(entry('halt'));
  const records = await readAuditLog(folder);
  expect(records.map(({ number, command }) => [number, command])).toEqual([
    [1, 'rm -rf /'],
    [2, 'rm -rf /etc\n# привет'],
    [3, 'reboot'],
    [4, 'halt'],
  ]);
});

test('no log is an empty one', async () => {
  expect(await readAuditLog(folder)).toEqual([]);
});

test.each([
  ['a changed byte', (text: string) => text.replace('reboot', 'rebool'), /line 3/],
  ['a changed byte in a number', (text: string) => text.replace('"time":1', '"time":2'), /line 1/],
  ['a removed line', (text: string) => text.split('\n').toSpliced(1, 1).join('\n'), /line 2/],
  [
    'a removed end',
    (text: string) => `${text.split('\n').slice(0, 1).join('\n')}\n`,
    /ends after 1 lines, 3 were written/,
  ],
  ['a removed log', () => '', /ends after 0 lines/],
  [
    'lines in another order',
    (text: string) =>
      text
        .split('\n')
        .toSpliced(0, 2, ...text.split('\n').slice(0, 2).toReversed())
        .join('\n'),
    /line 1/,
  ],
  ['an added space', (text: string) => text.replace('{"number":2', '{ "number":2'), /line 2/],
  ['an added line', (text: string) => `${text}{}\n`, /line 4/],
])('%s is found', async (_, change, message) => {
  await three();
  const text = await readFile(file(), 'utf8');
  await writeFile(file(), change(text));
  await expect(readAuditLog(folder)).rejects.toThrow(message);
  await expect(readAuditLog(folder)).rejects.toMatchObject({ code: 'audit.broken' });
});

test('a line that a crash cut off goes, what was acknowledged stays', async () => {
  await three();
  await appendFile(file(), '{"number":4,"ti');
  await new AuditLog(folder).append(entry('halt'));
  expect((await readAuditLog(folder)).map(({ command }) => command)).toEqual([
    'rm -rf /',
    'rm -rf /etc\n# привет',
    'reboot',
    'halt',
  ]);
});
