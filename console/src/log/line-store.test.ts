import { describe, expect, it } from 'vitest';
import type { LinePage, LineQuery } from 'deckhand/client';
import { LineStore } from './line-store.ts';

/** A log of `total` lines that notes what it is asked. */
function log(total: number) {
  const asked: LineQuery[] = [];
  const state = { total, attempt: 1 };
  const ask = (query: LineQuery): Promise<LinePage> => {
    asked.push(query);
    const from = query.from ?? Math.max(1, state.total - query.count + 1);
    const count = Math.max(0, Math.min(query.count, state.total - from + 1));
    const lines = Array.from({ length: count }, (_, index) => ({
      number: from + index,
      stream: 'stdout' as const,
      text: `line ${from + index}`,
      cut: 0,
      time: 0,
      open: from + index === state.total,
    }));
    return Promise.resolve({ attempt: state.attempt, total: state.total, lines, next: null });
  };
  return { asked, state, store: new LineStore(ask, null, () => undefined) };
}

describe('LineStore', () => {
  it('the end and the length come in one answer', async () => {
    const { store, asked } = log(5_000_000);
    await store.tail(50);
    expect(asked).toHaveLength(1);
    expect(store.total).toBe(5_000_000);
    expect(store.get(4_999_951)?.text).toBe('line 4999951');
  });

  it('lines that are wanted before it is known how many there are come with that, in one answer', async () => {
    const { store, asked } = log(5_000_000);
    await store.want(77_777, 77_777);
    expect(asked).toHaveLength(1);
    expect(store.total).toBe(5_000_000);
    expect(store.get(77_777)?.text).toBe('line 77777');
    expect(store.get(77_750)?.text).toBe('line 77750');
  });

  it('an empty log is asked once each time, and growth brings what was wanted', async () => {
    const { store, state, asked } = log(0);
    await store.want(1, 1);
    expect(asked).toHaveLength(1);
    state.total = 3;
    store.grown();
    await store.want(1, 1);
    expect(store.get(1)?.text).toBe('line 1');
  });

  it('asks for what is missing only', async () => {
    const { store, asked } = log(10_000);
    await store.tail(1);
    await store.want(5000, 5060);
    const before = asked.length;
    await store.want(5010, 5080);
    expect(asked).toHaveLength(before);
    expect(store.get(5080)?.text).toBe('line 5080');
  });

  it('keeps a bounded number of lines, the newest read among them', async () => {
    const { store } = log(5_000_000);
    await store.tail(1);
    for (let from = 1; from < 100_000; from += 200) await store.want(from, from + 199);
    expect(store.kept).toBeLessThanOrEqual(20_000);
    expect(store.get(99_900)).toBeDefined();
    expect(store.get(1)).toBeUndefined();
  });

  it('reads a line without end again when the log has grown', async () => {
    const { store, state } = log(10);
    await store.tail(5);
    expect(store.get(10)?.open).toBe(true);
    state.total = 12;
    store.grown();
    // shown as it was until then
    expect(store.get(10)?.open).toBe(true);
    await store.want(6, 10);
    expect(store.get(10)?.open).toBe(false);
  });

  it('growth while the end is asked for is not lost, and is asked once', async () => {
    const { store, state, asked } = log(10);
    const first = store.tail(5);
    state.total = 20;
    await Promise.all([first, store.tail(5), store.tail(5), store.tail(5)]);
    expect(store.total).toBe(20);
    expect(asked.length).toBeLessThanOrEqual(2);
  });

  it('who scrolls away while the end is asked for gets what is wanted now', async () => {
    const { store } = log(10_000);
    await store.tail(5);
    const tail = store.tail(5);
    await Promise.all([store.want(5000, 5050), tail]);
    expect(store.get(5050)?.text).toBe('line 5050');
  });

  it('growth while a line without end is on its way: it is read once more', async () => {
    const { store, state, asked } = log(10);
    await store.tail(1);
    const reading = store.want(5, 10);
    const before = asked.length;
    state.total = 12;
    store.grown();
    await Promise.all([reading, store.want(5, 10)]);
    expect(asked.length).toBeGreaterThan(before);
    expect(store.get(10)?.open).toBe(false);
  });

  it('what was on its way over a connection that is gone holds nothing up', async () => {
    const { promise: never } = Promise.withResolvers<LinePage>();
    let isAway = true;
    const page: LinePage = { attempt: 1, total: 10, lines: [], next: null };
    const store = new LineStore(
      () => (isAway ? never : Promise.resolve(page)),
      null,
      () => undefined,
    );
    void store.tail(3);
    isAway = false;
    store.giveUp();
    await store.tail(3);
    expect(store.total).toBe(10);
  });

  it('a new attempt begins anew', async () => {
    const { store, state } = log(10);
    await store.tail(10);
    state.attempt = 2;
    state.total = 3;
    await store.tail(10);
    expect(store.get(7)).toBeUndefined();
    expect(store.total).toBe(3);
  });
});
