import { expect, test } from 'vitest';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { RunEvent, RunEventBody } from '../core/run-event.ts';
import { progressDisplay } from './progress-display.ts';
import { describeEvent } from './progress-lines.ts';
import { advance, type ProgressRows } from './progress-model.ts';
import { drawRows } from './progress-rows.ts';
import { makeStyle } from './style.ts';

const plain = makeStyle(false);
let seq = 0;
function at(second: number, body: RunEventBody): RunEvent {
  seq += 1;
  return { ...body, seq, requestId: 'r', time: new Date(second * 1000).toISOString() };
}
const report = {
  id: 's',
  title: 'Install',
  outcome: 'changed',
  duration: 1500,
  changes: [],
  corrections: [],
} as const;
const error = new DeckhandError('ssh.refused', 'nothing listens').toJSON();
const events = [
  at(0, { kind: 'host-phase', host: 'web-1', phase: 'connecting' }),
  at(0, { kind: 'host-phase', host: 'web-2', phase: 'connecting' }),
  at(1, { kind: 'step-started', host: 'web-1', stepId: 's', title: 'Install', index: 2, total: 4 }),
  at(2, { kind: 'step-completed', host: 'web-1', stepId: 's', outcome: 'changed', report }),
  at(3, { kind: 'host-completed', host: 'web-2', outcome: 'failed', error }),
];

function rowsAfter(list: readonly RunEvent[]): ProgressRows {
  let rows: ProgressRows = new Map();
  for (const event of list) rows = advance(rows, event);
  return rows;
}

test('one row per host: step, bar, title, elapsed time, outcome', () => {
  const screen = { columns: 60, rows: 24, now: 5000, tick: 0 };
  expect(drawRows(rowsAfter(events), screen, plain)).toEqual([
    '⠋ web-1 ███░░░░░░░ 2/4 Install  5.0 s',
    '✗ web-2 ssh.refused  3.0 s',
  ]);
});

test('rows never grow beyond the screen; hosts at work are shown first, the rest is counted', () => {
  const names = Array.from({ length: 50 }, (_, index) => `host-${'x'.repeat(30)}-${index}`);
  const many = names.map(host => at(0, { kind: 'host-phase', host, phase: 'checking' }));
  const done = names.slice(0, 40).map(host => at(1, { kind: 'host-completed', host, outcome: 'proved' }));
  const screen = { columns: 40, rows: 10, now: 1000, tick: 3 };
  const lines = drawRows(rowsAfter([...many, ...done]), screen, plain);
  expect(lines).toHaveLength(8);
  expect(lines.at(-1)).toBe('… 50 hosts, 40 done');
  expect(lines[0]).toMatch(/che/);
  for (const line of lines) expect(line.length).toBeLessThan(40);
});

test('one line per change for a log', () => {
  expect(events.map(describeEvent)).toEqual([
    'web-1: connecting',
    'web-2: connecting',
    'web-1: step 2/4 Install',
    'web-1: changed Install (1.5 s)',
    'web-2: failed ssh.refused: nothing listens',
  ]);
});

function recording(isTerminal: boolean) {
  let text = '';
  const output = {
    isTerminal,
    columns: () => 80,
    rows: () => 24,
    write: (data: string | Uint8Array) => {
      text += String(data);
    },
  };
  return { output, text: () => text };
}

test('a terminal gets rows that are taken off at the end', () => {
  const { output, text } = recording(true);
  {
    using display = progressDisplay(output, plain, () => 0);
    display.onEvent(events[0]!);
    expect(text()).toContain('web-1 connecting');
    display.pause();
    expect(text().endsWith('\u001b[1A\u001b[J')).toBe(true);
    display.onEvent(events[1]!);
    expect(text()).not.toContain('web-2');
    display.resume();
    expect(text()).toContain('web-2');
  }
  expect(text().endsWith('\u001b[2A\u001b[J')).toBe(true);
});

test('a log gets plain lines, the same one not twice in a row', () => {
  const { output, text } = recording(false);
  using display = progressDisplay(output, plain, () => 0);
  for (const event of [events[0]!, events[0]!, events[1]!]) display.onEvent(event);
  expect(text()).toBe('web-1: connecting\nweb-2: connecting\n');
});
