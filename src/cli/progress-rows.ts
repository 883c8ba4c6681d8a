import { showDuration } from '../core/duration.ts';
import { fit, oneLine, widthOf } from './layout.ts';
import type { ProgressRow, ProgressRows } from './progress-model.ts';
import type { Style } from './style.ts';

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const BAR_WIDTH = 10;

export interface Screen {
  readonly columns: number;
  readonly rows: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Counts redraws, turns the spinner. */
  readonly tick: number;
}

/** One line per host, none wider than the screen; what does not fit below each other is counted, not shown. */
export function drawRows(rows: ProgressRows, screen: Screen, style: Style): readonly string[] {
  const { visible, rest } = visibleRows([...rows.values()], screen);
  const nameWidth = Math.min(24, Math.max(0, ...visible.map(row => widthOf(oneLine(row.host)))));
  const lines = visible.map(row => drawRow(row, nameWidth, screen, style));
  return rest === null ? lines : [...lines, style.faint(fit(rest, screen.columns - 1))];
}

/** What fits on the screen, those at work first; `rest` says how many there are when some do not fit. */
export function visibleRows<Row extends Pick<ProgressRow, 'host'> & { readonly state: string }>(
  all: readonly Row[],
  screen: Pick<Screen, 'rows'>,
): { readonly visible: readonly Row[]; readonly rest: string | null } {
  const most = Math.max(1, screen.rows - 2);
  if (all.length <= most) return { visible: all, rest: null };
  const done = all.filter(row => row.state !== 'working').length;
  return { visible: atWorkFirst(all).slice(0, most - 1), rest: `… ${all.length} hosts, ${done} done` };
}

function atWorkFirst<Row extends { readonly state: string }>(rows: readonly Row[]): readonly Row[] {
  return [...rows.filter(row => row.state === 'working'), ...rows.filter(row => row.state !== 'working')];
}

function drawRow(row: ProgressRow, nameWidth: number, screen: Screen, style: Style): string {
  const name = fit(oneLine(row.host), nameWidth).padEnd(nameWidth);
  const elapsed = showDuration((row.endedAt ?? screen.now) - row.startedAt);
  const steps = row.total > 0 ? `${bar(row)} ${row.step}/${row.total} ` : '';
  const width = screen.columns - 1 - 2 - nameWidth - 1 - steps.length - elapsed.length - 2;
  const title = fit(oneLine(row.title), Math.max(0, width));
  return `${mark(row.state, screen, style)} ${style.strong(name)} ${style.accent(steps)}${title}  ${style.faint(elapsed)}`;
}

/** ✓, ✗, or something that turns. */
export function mark(
  state: ProgressRow['state'] | 'done',
  screen: Pick<Screen, 'tick'>,
  style: Style,
): string {
  if (state === 'failed') return style.bad('✗');
  if (state !== 'working') return style.good('✓');
  return style.accent(SPINNER[screen.tick % SPINNER.length] ?? '·');
}

function bar(row: ProgressRow): string {
  const filled = Math.min(BAR_WIDTH, Math.round((row.done / row.total) * BAR_WIDTH));
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}
