import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimOne, fenceOf, NOON, settle, submitOne } from '../../../test/store/sample-task.ts';
import type { LineQuery, OutputLine } from '../../api/watch-contract.ts';
import type { TaskRecord } from '../../core/task.ts';
import { openMemoryStore } from '../../store/sqlite/open-store.ts';
import type { Store } from '../../store/store.ts';
import { countLines, readLines } from './read-lines.ts';

let store: Store;
let task: TaskRecord;
const lengths = { stdout: 0, stderr: 0 };

beforeEach(async () => {
  store = await openMemoryStore();
  await submitOne(store);
  task = await claimOne(store);
  lengths.stdout = 0;
  lengths.stderr = 0;
});
afterEach(() => store[Symbol.asyncDispose]());

async function write(text: string | Uint8Array, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const pieces = [{ stream, at: lengths[stream], bytes }];
  lengths[stream] += bytes.length;
  await store.record([{ ...fenceOf(task), write: 'output', pieces }], NOON);
}

async function lines(query: Partial<LineQuery> = {}): Promise<readonly OutputLine[]> {
  return (await readLines(store, task.id, { from: 1, count: 1000, stream: null, search: null, ...query }))
    .lines;
}
const textsOf = (found: readonly OutputLine[]): readonly string[] =>
  found.map(({ number, text }) => `${number} ${text}`);

describe('lines by their numbers', () => {
  it('nothing yet', async () => {
    expect(await readLines(store, task.id, { from: null, count: 5, stream: null, search: null })).toEqual({
      attempt: 1,
      total: 0,
      lines: [],
      next: null,
    });
  });

  it('cut anywhere, inside a character and inside a line', async () => {
    const bytes = new TextEncoder().encode('grüße\nzwei\n');
    for (const byte of bytes) await write(Uint8Array.of(byte));
    await write('dr');
    expect(textsOf(await lines())).toEqual(['1 grüße', '2 zwei', '3 dr']);
    expect((await lines()).at(-1)).toMatchObject({ open: true });
    for (const from of [1, 2, 3])
      expect(textsOf(await lines({ from, count: 1 }))).toEqual(textsOf(await lines()).slice(from - 1, from));
  });

  it('in the order in which they ended, each with its own stream', async () => {
    await write('out ');
    await write('err 1\nerr ', 'stderr');
    await write('1\nout 2\n');
    await write('2\n', 'stderr');
    expect(textsOf(await lines())).toEqual(['1 err 1', '2 out 1', '3 out 2', '4 err 2']);
    // from the middle: what began before is whole
    expect(textsOf(await lines({ from: 4 }))).toEqual(['4 err 2']);
    expect(textsOf(await lines({ from: 2, count: 1 }))).toEqual(['2 out 1']);
    expect(textsOf(await lines({ stream: 'stderr' }))).toEqual(['1 err 1', '2 err 2']);
    expect(textsOf(await lines({ stream: 'stderr', from: 2 }))).toEqual(['2 err 2']);
  });

  it('every line of many is where its number says, whatever the pieces', async () => {
    let text = '';
    for (let number = 1; number <= 5000; number += 1) text += `line ${number}\n`;
    for (let at = 0; at < text.length; at += 997) await write(text.slice(at, at + 997));
    for (const from of [1, 2, 1234, 4999, 5000])
      expect(textsOf(await lines({ from, count: 2 }))[0]).toBe(`${from} line ${from}`);
    expect(textsOf(await lines({ from: null, count: 2 }))).toEqual(['4999 line 4999', '5000 line 5000']);
    expect(await lines({ from: 5001 })).toEqual([]);
    expect(await countLines(store, task.id)).toEqual({ attempt: 1, total: 5000 });
  });

  it('a new attempt counts anew', async () => {
    await write('old\nold\n');
    const { error } = {
      error: { code: 'command.failed', message: 'x', hint: '', retryable: true, details: {} },
    };
    await settle(store, task, { to: 'repeat', at: NOON, error } as never);
    task = await claimOne(store, NOON + 1);
    lengths.stdout = 0;
    await write('new\n');
    const page = await readLines(store, task.id, { from: 1, count: 9, stream: null, search: null });
    expect(page).toMatchObject({ attempt: 2, total: 1 });
    expect(textsOf(page.lines)).toEqual(['1 new']);
  });
});

describe('what is bounded', () => {
  it('the end of a long log costs its last rows alone, whichever streams were written', async () => {
    for (let number = 1; number <= 200; number += 1) await write(`line ${number}\n`);
    const { store: counted, rows } = countingStore();
    const ask = { from: null, count: 2, stream: null, search: null } as const;
    expect(textsOf((await readLines(counted, task.id, ask)).lines)).toEqual(['199 line 199', '200 line 200']);
    expect(rows()).toBeLessThanOrEqual(2);
    await write('begun', 'stderr');
    await write('line 201\n');
    expect(textsOf((await readLines(counted, task.id, ask)).lines)).toEqual(['201 line 201', '202 begun']);
    expect(rows()).toBeLessThanOrEqual(6);
    expect(textsOf((await readLines(counted, task.id, { ...ask, from: 77, count: 1 })).lines)).toEqual([
      '77 line 77',
    ]);
    // two for what has no end yet
    expect(rows()).toBeLessThanOrEqual(3);
  });

  it('a log that was kept before it was counted where lines begin', async () => {
    await write('out ');
    await write('err 1\nerr ', 'stderr');
    await write('1\nout 2\nou');
    await write('2\ner', 'stderr');
    const older = olderStore();
    for (const stream of [null, 'stdout', 'stderr'] as const)
      for (const from of [null, 1, 2, 3, 4]) {
        const ask = { from, count: 3, stream, search: null };
        expect(await readLines(older, task.id, ask)).toEqual(await readLines(store, task.id, ask));
      }
  });

  it('a line without end, and what follows it', async () => {
    for (let count = 0; count < 40; count += 1) await write('x'.repeat(10_000));
    await write('\nnext\n');
    const [long, next] = await lines();
    expect(long?.text).toHaveLength(16_384);
    expect(long?.cut).toBe(400_000 - 16_384);
    expect(next).toMatchObject({ number: 2, text: 'next', cut: 0 });
  });

  it('a progress line of a megabyte shows its last state', async () => {
    for (let percent = 0; percent <= 100; percent += 1) await write(`${' '.repeat(10_000)}${percent} %\r`);
    expect((await lines())[0]?.text.trim()).toBe('100 %');
    await write('\r\n');
    expect((await lines())[0]).toMatchObject({ open: false, cut: 0 });
  });
});

describe('searching', () => {
  it('in whatever case, page by page', async () => {
    for (let number = 1; number <= 300; number += 1)
      await write(`${number % 100 === 0 ? 'ERROR' : 'fine'} ${number}\n`);
    expect(textsOf(await lines({ search: 'error' }))).toEqual([
      '100 ERROR 100',
      '200 ERROR 200',
      '300 ERROR 300',
    ]);
    const page = await readLines(store, task.id, { from: 1, count: 1, stream: null, search: 'error' });
    expect(textsOf(page.lines)).toEqual(['100 ERROR 100']);
    expect(textsOf(await lines({ search: 'error', from: page.next }))).toEqual([
      '200 ERROR 200',
      '300 ERROR 300',
    ]);
  });
});

/** Says how many rows of output were read since it was asked last. */
function countingStore(): { readonly store: Store; readonly rows: () => number } {
  let rows = 0;
  const output: Store['output'] = async (...question) => {
    const found = await store.output(...question);
    rows += found.length;
    return found;
  };
  const take = (): number => {
    const taken = rows;
    rows = 0;
    return taken;
  };
  return { store: withMethods({ output }), rows: take };
}

function olderStore(): Store {
  const open = { stdout: null, stderr: null };
  return withMethods({
    lineExtent: async id => ({ ...(await store.lineExtent(id)), open }),
    findLine: async (...question) => {
      const found = await store.findLine(...question);
      return found && { ...found, open };
    },
  });
}

function withMethods(methods: Partial<Store>): Store {
  const whole = store;
  return new Proxy(whole, {
    get: (_, name) => {
      const method: unknown = Reflect.get(methods, name) ?? Reflect.get(whole, name);
      return typeof method === 'function' ? method.bind(whole) : method;
    },
  });
}
