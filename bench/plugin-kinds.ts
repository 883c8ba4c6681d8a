import { setTimeout as pause } from 'node:timers/promises';
import { z } from '../src/core/schema.ts';
import { NO_RETRY, type TaskKind } from '../src/tasks/task-kind.ts';

/** Kinds of task of the benches; executors and daemons load this file by `DECKHAND_PLUGINS`. */

export const pluginFile = import.meta.filename;

/** Bytes of one line with its line end: a number, the moment it was made, and filling. */
export const LINE = 80;
const NUMBER = 10;
const TIME = 17;
/** Milliseconds between two bursts of lines. */
const BURST = 20;

/** Milliseconds since the epoch, finer than whole ones; the same in every process of this machine. */
export function preciseNow(): number {
  return performance.timeOrigin + performance.now();
}

const common = {
  category: 'bench',
  permission: 'read',
  onLost: 'retry',
  retry: NO_RETRY,
} as const;

/** Does nothing and says when it began. */
const noop: TaskKind = {
  ...common,
  name: 'bench.noop',
  description: 'Does nothing.',
  schema: z.strictObject({}),
  hosts: 'none',
  title: () => 'nothing',
  run: async () => ({ end: 'succeeded', result: { begun: preciseNow() } }),
};

const linesParams = z.strictObject({
  /** Lines a second. */
  rate: z.number().int().min(1),
  /** Lines in all. */
  lines: z.number().int().min(1),
});

/** Prints lines at a steady rate. */
const lines: TaskKind<typeof linesParams> = {
  ...common,
  name: 'bench.lines',
  description: 'Prints lines at a steady rate.',
  schema: linesParams,
  hosts: 'none',
  title: () => 'lines',
  async run({ params, output, leave, cancel }) {
    const begun = performance.now();
    const stop = AbortSignal.any([leave, cancel]);
    for (let made = 0; made < params.lines; ) {
      await pause(BURST, undefined, { signal: stop });
      const due = Math.min(Math.floor(((performance.now() - begun) / 1000) * params.rate), params.lines);
      if (due === made) continue;
      await output('stdout', Buffer.from(linesOf(made, due)));
      made = due;
    }
    return { end: 'succeeded', result: { lines: params.lines } };
  },
};

export const kinds: readonly TaskKind[] = [noop, lines];

function linesOf(from: number, to: number): string {
  const time = preciseNow().toFixed(3).padStart(TIME, '0');
  let text = '';
  for (let number = from; number < to; number += 1)
    text += `${String(number).padStart(NUMBER, '0')} ${time} `.padEnd(LINE - 1, 'x') + '\n';
  return text;
}

/** What a line says of itself; `line` begins where a line begins. */
export function readLine(line: Uint8Array): { readonly number: number; readonly time: number } {
  const text = Buffer.from(line.buffer, line.byteOffset, NUMBER + 1 + TIME).toString('latin1');
  return { number: Number(text.slice(0, NUMBER)), time: Number(text.slice(NUMBER + 1)) };
}
