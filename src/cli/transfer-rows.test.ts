import { describe, expect, test } from 'vitest';
import type { TransferUpdate } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { TaskLifeBody } from '../core/task-event.ts';
import { showLeft, showSize } from './sizes.ts';
import { makeStyle } from './style.ts';
import { transferDisplay, TransferLines } from './transfer-display.ts';
import { advanceTransfers, leftOf, rateOf, type TransferRows } from './transfer-model.ts';
import { drawTransfers } from './transfer-rows.ts';

const plain = makeStyle(false);
const MIB = 1024 ** 2;

function at(second: number, host: string, body: TaskLifeBody): TransferUpdate {
  return {
    ...body,
    host,
    task: `task-${host}`,
    title: 't',
    seq: 1,
    attempt: 1,
    requestId: 'r',
    time: new Date(second * 1000).toISOString(),
  } as TransferUpdate;
}
const progress = (
  second: number,
  host: string,
  done: number,
  total: number | null,
  text = '',
): TransferUpdate => at(second, host, { kind: 'progress', progress: { done, total, unit: 'bytes', text } });

function after(updates: readonly TransferUpdate[]): TransferRows {
  return updates.reduce(advanceTransfers, new Map() as TransferRows);
}

const updates = [
  at(0, 'web-1', { kind: 'phase', phase: 'uploading' }),
  progress(0, 'web-1', 0, 300 * MIB, 'site/a.bin'),
  progress(4, 'web-1', 60 * MIB, 300 * MIB, 'site/a.bin'),
  at(1, 'web-2', { kind: 'phase', phase: 'preparing' }),
  progress(2, 'web-3', 5 * MIB, 5 * MIB),
  at(3, 'web-3', { kind: 'task-state', state: 'succeeded' }),
  at(2, 'web-4', { kind: 'phase', phase: 'uploading' }),
  at(3, 'web-4', {
    kind: 'task-state',
    state: 'failed',
    error: new DeckhandError('transfer.quota', 'no more').toJSON(),
  }),
];

test('one row each: bar, bytes, rate, time left, file; then what came of it', () => {
  const screen = { columns: 90, rows: 24, now: 6000, tick: 0 };
  expect(drawTransfers(after(updates), screen, plain)).toEqual([
    '⠋ web-1 ██░░░░░░░░  20% 60.0 MiB/300 MiB 10.0 MiB/s 0:24 left site/a.bin',
    '⠋ web-2 5.0 s preparing',
    '✓ web-3 5.0 MiB in 1.0 s',
    '✗ web-4 1.0 s transfer.quota',
  ]);
  for (const columns of [10, 20, 40])
    for (const line of drawTransfers(after(updates), { ...screen, columns }, plain))
      expect(Array.from(line).length).toBeLessThanOrEqual(columns);
});

describe('the rate', () => {
  test('is of the last ten seconds, and falls when nothing moves', () => {
    const row = after([0, 5, 10, 15, 20].map(second => progress(second, 'a', second * 100, 10_000))).get(
      'task-a',
    );
    expect(row && rateOf(row, 20_000)).toBe(100);
    expect(row && rateOf(row, 30_000)).toBe(50);
    expect(row && leftOf(row, 100)).toBe(80_000);
  });
  test('is unknown before two updates, and begins anew when an attempt does', () => {
    const first = [progress(0, 'a', 0, null), progress(1, 'a', 500, null)];
    expect(rateOf(after(first.slice(0, 1)).get('task-a') ?? { samples: [] }, 1000)).toBeNull();
    const again = after([...first, progress(2, 'a', 10, null)]).get('task-a');
    expect(again?.samples).toHaveLength(1);
    expect(again?.done).toBe(10);
  });
});

test('elsewhere than on a terminal: a line per change, and every ten seconds', () => {
  const lines = new TransferLines();
  let rows: TransferRows = new Map();
  const told: string[] = [];
  for (const update of [
    at(0, 'a', { kind: 'task-state', state: 'running' }),
    at(0, 'a', { kind: 'phase', phase: 'uploading' }),
    ...Array.from({ length: 22 }, (_, second) =>
      progress(second, 'a', second * MIB, 100 * MIB, 'f\u001b[2J'),
    ),
    at(22, 'a', { kind: 'task-state', state: 'succeeded' }),
  ]) {
    rows = advanceTransfers(rows, update);
    const line = lines.next(rows, update);
    if (line !== null) told.push(line);
  }
  expect(told).toEqual([
    'a: uploading',
    'a: 10 %, 10.0 MiB of 100 MiB, 1.0 MiB/s, 1:30 left, f',
    'a: 20 %, 20.0 MiB of 100 MiB, 1.0 MiB/s, 1:20 left, f',
    'a: done, 21.0 MiB in 22.0 s',
  ]);
});

test('on a terminal the rows are gone in the end', () => {
  let screen = '';
  const output = {
    isTerminal: true,
    columns: () => 60,
    rows: () => 24,
    write: (data: string | Uint8Array) => {
      screen += String(data);
    },
  };
  {
    using display = transferDisplay(output, plain, () => 6000);
    for (const update of updates) display.onUpdate?.(update);
  }
  expect(screen).toContain('web-1');
  expect(screen.endsWith('\u001b[1A\u001b[J')).toBe(true);
});

test('sizes and times for people', () => {
  expect([0, 999, 1000, 1024 ** 2, 150 * MIB, 1023.9 * MIB, 3 * 1024 ** 4].map(showSize)).toEqual([
    '0 B',
    '999 B',
    '1.0 KiB',
    '1.0 MiB',
    '150 MiB',
    '1.0 GiB',
    '3.0 TiB',
  ]);
  expect([0, 15_200, 725_000, 3_723_000].map(showLeft)).toEqual(['0:00', '0:16', '12:05', '1:02:03']);
});
