import type { OnEvent } from '../core/run-event.ts';
import { describeEvent } from './progress-lines.ts';
import { advance, type ProgressRows } from './progress-model.ts';
import { drawRows } from './progress-rows.ts';
import type { Style } from './style.ts';
import type { Output } from './terminal.ts';

/** Shows what is going on. Rows are gone after `stop`; lines stay. */
export interface ProgressDisplay extends Disposable {
  readonly onEvent: OnEvent;
  /** Takes the rows off the screen while something else is written or asked. */
  pause(): void;
  resume(): void;
}

/** Milliseconds between two redraws. */
const REDRAW = 100;

/** Live rows on a terminal, one line per change elsewhere. */
export function progressDisplay(output: Output, style: Style, now: () => number): ProgressDisplay {
  return output.isTerminal ? liveDisplay(output, style, now) : lineDisplay(output);
}

/** Shows nothing: for `--json` and for commands that show their output themselves. */
export const silentDisplay: ProgressDisplay = {
  onEvent() {},
  pause() {},
  resume() {},
  [Symbol.dispose]() {},
};

function lineDisplay(output: Output): ProgressDisplay {
  let last: string | null = null;
  return {
    ...silentDisplay,
    onEvent(event) {
      const line = describeEvent(event);
      if (line === null || line === last) return;
      last = line;
      output.write(`${line}\n`);
    },
  };
}

function liveDisplay(output: Output, style: Style, now: () => number): ProgressDisplay {
  let rows: ProgressRows = new Map();
  let drawn = 0;
  let tick = 0;
  let timer: NodeJS.Timeout | null = null;
  let paused = 0;
  const erase = (): void => {
    if (drawn > 0) output.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const draw = (): void => {
    tick += 1;
    const screen = { columns: output.columns(), rows: output.rows(), now: now(), tick };
    const lines = drawRows(rows, screen, style);
    const up = drawn > 0 ? `\u001b[${drawn}A` : '';
    // one write, lines cleared one by one: no flicker
    output.write(`${up}${lines.map(line => `\u001b[2K${line}\n`).join('')}\u001b[J`);
    drawn = lines.length;
  };
  const halt = (): void => {
    if (timer) clearInterval(timer);
    timer = null;
    erase();
  };
  const start = (): void => {
    if (timer || paused > 0 || rows.size === 0) return;
    draw();
    timer = setInterval(draw, REDRAW);
    timer.unref();
  };
  return {
    onEvent(event) {
      rows = advance(rows, event);
      start();
    },
    pause() {
      paused += 1;
      halt();
    },
    resume() {
      paused -= 1;
      start();
    },
    [Symbol.dispose]() {
      paused += 1;
      halt();
    },
  };
}
