import type { TransferUpdate } from '../api/contract.ts';
import { liveScreen, type ProgressDisplay, silentDisplay } from './progress-display.ts';
import type { Style } from './style.ts';
import type { Output } from './terminal.ts';
import { advanceTransfers, type TransferRow, type TransferRows } from './transfer-model.ts';
import { describeTransfer, drawTransfers } from './transfer-rows.ts';

/** Milliseconds between two lines about one transfer that only moved on. */
const LINE_PAUSE = 10_000;

/** Live rows on a terminal; elsewhere a line when something changes, and every ten seconds. */
export function transferDisplay(output: Output, style: Style, now: () => number): ProgressDisplay {
  let rows: TransferRows = new Map();
  if (!output.isTerminal) {
    const lines = new TransferLines();
    return {
      ...silentDisplay,
      onUpdate(update) {
        rows = advanceTransfers(rows, update);
        const line = lines.next(rows, update);
        if (line !== null) output.write(`${line}\n`);
      },
    };
  }
  const screen = liveScreen(output, now, size => drawTransfers(rows, size, style));
  return {
    ...screen,
    onEvent() {},
    onUpdate(update) {
      rows = advanceTransfers(rows, update);
      screen.changed();
    },
  };
}

/** Decides which updates are worth a line. */
export class TransferLines {
  readonly #told = new Map<string, { readonly at: number; readonly state: string; readonly line: string }>();

  /** `rows` has the update already. */
  next(rows: TransferRows, update: TransferUpdate): string | null {
    const row = rows.get(update.task);
    if (!row) return null;
    const at = Date.parse(update.time);
    const told = this.#told.get(update.task);
    // what begins at once and moves nothing is told by its result
    if (!told && (row.state === 'done' || (row.phase === 'waiting' && row.text === ''))) return null;
    const state = stateKey(row);
    if (told && told.state === state && at - told.at < LINE_PAUSE) return null;
    const line = describeTransfer(row, at);
    if (told?.line === line) return null;
    this.#told.set(update.task, { at, state, line });
    return line;
  }
}

function stateKey(row: TransferRow): string {
  return `${row.state} ${row.phase}`;
}
