import type { TransferUpdate } from '../api/contract.ts';
import type { OnEvent } from '../core/run-event.ts';
import { describeEvent } from './progress-lines.ts';
import { advance, type ProgressRows } from './progress-model.ts';
import { drawRows, type Screen } from './progress-rows.ts';
import type { Style } from './style.ts';
import type { Output } from './terminal.ts';

/** Shows what is going on. Rows are gone after `stop`; lines stay. */
export interface ProgressDisplay extends Disposable {
  readonly onEvent: OnEvent;
  /** How far transfers are; only displays of transfers take it. */
  readonly onUpdate?: (update: TransferUpdate) => void;
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
  const screen = liveScreen(output, now, size => drawRows(rows, size, style));
  return {
    ...screen,
    onEvent(event) {
      rows = advance(rows, event);
      if (rows.size > 0) screen.changed();
    },
  };
}

/** Lines at the bottom of a terminal, drawn over and over. `draw` gives them; none = nothing to show yet. */
export function liveScreen(
  output: Output,
  now: () => number,
  draw: (screen: Screen) => readonly string[],
): Omit<ProgressDisplay, 'onEvent' | 'onUpdate'> & { changed(): void } {
  let drawn = 0;
  let tick = 0;
  let timer: NodeJS.Timeout | null = null;
  let paused = 0;
  let begun = false;
  const erase = (): void => {
    if (drawn > 0) output.write(`\u001b[${drawn}A\u001b[J`);
    drawn = 0;
  };
  const redraw = (): void => {
    tick += 1;
    const lines = draw({ columns: output.columns(), rows: output.rows(), now: now(), tick });
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
    if (timer || paused > 0 || !begun) return;
    redraw();
    timer = setInterval(redraw, REDRAW);
    timer.unref();
  };
  return {
    changed() {
      begun = true;
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
