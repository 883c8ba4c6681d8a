import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
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
    /line 3/,
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

describe('in several files', () => {
  const commands = async (): Promise<readonly string[]> =>
    (await readAuditLog(folder)).map(({ command }) => command);
  const files = async (): Promise<readonly string[]> =>
    (await readdir(folder)).filter(name => name.endsWith('.jsonl')).toSorted();
  const by = { time: 50, who: 'me', requestId: 'req-2' };

  /** Lines at the times 1 … 6, two to a file. */
  async function six(): Promise<AuditLog> {
    const log = new AuditLog(folder, { fullFile: 600 });
    for (const time of [1, 2, 3, 4, 5, 6]) await log.append({ ...entry(`line ${time}`), time });
    return log;
  }

  test('is one chain, over openings and restarts at any line', async () => {
    await six();
    expect((await files()).length).toBeGreaterThan(1);
    await new AuditLog(folder, { fullFile: 600 }).append(entry('line 7'));
    expect(await commands()).toEqual([1, 2, 3, 4, 5, 6, 7].map(number => `line ${number}`));
  });

  test('is read while it is written', async () => {
    const log = new AuditLog(folder, { fullFile: 2000 });
    const lengths: number[] = [];
    for (let round = 0; round < 30; round += 1) {
      const writing = Promise.all(
        [1, 2, 3].map(async number => await log.append(entry(`${round} ${number}`))),
      );
      lengths.push((await readAuditLog(folder)).length);
      await writing;
    }
    expect(lengths).toEqual(lengths.toSorted((one, other) => one - other));
    expect(await commands()).toHaveLength(90);
  });

  test.each([
    ['a file in the middle', 1],
    ['the first file', 0],
  ])('%s that is missing is found', async (_, place) => {
    await six();
    const name = (await files()).filter(each => each !== AUDIT_FILE)[place] ?? '';
    await rm(join(folder, name));
    await expect(readAuditLog(folder)).rejects.toMatchObject({ code: 'audit.broken' });
  });

  test('a changed byte in an old file is found, by the number of its line', async () => {
    await six();
    const path = join(folder, (await files())[0] ?? '');
    await writeFile(path, (await readFile(path, 'utf8')).replace('line 2', 'line X'));
    await expect(readAuditLog(folder)).rejects.toThrow(/line 2/);
  });

  test('old files go, a line says so, and the rest is a chain', async () => {
    const log = await six();
    const before = await files();
    expect(await log.retire(5, by)).toBe(2);
    expect(before.slice(0, 2).some(name => name.startsWith('audit-'))).toBe(true);
    const left = await readAuditLog(folder);
    expect(left.map(({ number }) => number)).toEqual([5, 6, 7, 8]);
    expect(left.slice(-2).map(({ action, command }) => [action, command])).toEqual([
      ['audit.retired', '2'],
      ['audit.retired', '4'],
    ]);
    expect(await log.retire(5, by)).toBe(0);
    // those lines go too when they are old: younger ones speak for what is left
    expect(await log.retire(51, by)).toBeGreaterThan(0);
    expect((await readAuditLog(folder)).at(-1)?.action).toBe('audit.retired');
  });

  test('lines that went without a word are missed, also after others went with one', async () => {
    const log = await six();
    await log.retire(3, by);
    const [oldest = ''] = await files();
    await rm(join(folder, oldest));
    await expect(readAuditLog(folder)).rejects.toMatchObject({ code: 'audit.broken' });
  });

  test('a crash between the word and the removal loses nothing: the next time it goes', async () => {
    const log = await six();
    const [oldest = ''] = await files();
    const kept = await readFile(join(folder, oldest));
    await log.retire(3, by);
    await writeFile(join(folder, oldest), kept);
    expect((await readAuditLog(folder))[0]?.number).toBe(1);
    expect(await log.retire(3, by)).toBe(1);
    expect((await readAuditLog(folder))[0]?.number).toBe(3);
  });
});
