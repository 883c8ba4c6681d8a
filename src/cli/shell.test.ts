import { describe, expect, it } from 'vitest';
import type { AttachedTerminal, TerminalItem } from '../api/terminal-contract.ts';
import { LeaveKeys } from './leave-keys.ts';
import type { RawTerminal } from './raw-terminal.ts';
import { runScripted } from './scripted-surroundings.ts';
import { talkWithShell } from './shell-talk.ts';

describe('the way out of a shell', () => {
  it.each([
    [['ls ~/.x\r'], 'ls ~/.x\r'],
    [['a\r~.'], null],
    [['~', '.'], null],
    [['~~.\r'], '~.\r'],
    [['~x'], '~x'],
    [['x~.'], 'x~.'],
  ])('%j', (typed, expected) => {
    const keys = new LeaveKeys();
    const passed = typed.map(text => keys.pass(Buffer.from(text)));
    const text = passed.includes(null) ? null : Buffer.concat(passed as Uint8Array[]).toString();
    expect(text).toBe(expected);
  });
});

it('without a terminal here says what to use instead, with exit code 2', async () => {
  const { exitCode, stderr } = await runScripted(['shell', 'web-1']);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('deckhand exec web-1 -- COMMAND');
});

it('asks first, takes the terminal when the host gives its own, and gives it back whatever happens', async () => {
  const seen: string[] = [];
  const raw: RawTerminal = {
    size: () => ({ columns: 91, rows: 33 }),
    onInput: listener => listener(Buffer.from('~.')),
    onResize: () => undefined,
    write: async bytes => void seen.push(Buffer.from(bytes).toString()),
    [Symbol.dispose]: () => void seen.push('given back'),
  };
  const line = (items: readonly TerminalItem[]): AttachedTerminal => ({
    terminal: 't',
    async *items() {
      yield* items;
      throw new Error('cut off');
    },
    write: () => Promise.resolve(),
    resize: size => void seen.push(`size ${size.columns}`),
    answer: (_id, answer) => void seen.push(`answer ${answer}`),
    close: () => void seen.push('hung up'),
  });
  const talk = async (items: readonly TerminalItem[]) =>
    await talkWithShell({
      line: line(items),
      prompts: { password: () => Promise.resolve('secret') },
      takeTerminal: () => {
        seen.push('taken');
        return raw;
      },
    });
  const opened: TerminalItem[] = [
    { item: 'question', question: { id: 'q', task: 't', host: 'h', ask: 'password', user: 'me' } },
    { item: 'opened', from: 0, until: 0 },
    { item: 'output', bytes: Buffer.from('hi') },
  ];
  const exit = { exitCode: 3, signal: null, error: null };
  expect(await talk([...opened, { item: 'ended', exit }])).toEqual(exit);
  expect(seen.filter(each => !each.startsWith('answer'))).toEqual([
    'taken',
    'hung up',
    'size 91',
    'hi',
    'given back',
  ]);
  seen.length = 0;
  await expect(talk(opened)).rejects.toThrow('cut off');
  expect(seen.at(-1)).toBe('given back');
});
