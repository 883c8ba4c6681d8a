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
  const all = [...rows.values()];
  const most = Math.max(1, screen.rows - 2);
  const visible = all.length <= most ? all : atWorkFirst(all).slice(0, most - 1);
  const nameWidth = Math.min(24, Math.max(0, ...visible.map(row => widthOf(oneLine(row.host)))));
  const lines = visible.map(row => drawRow(row, nameWidth, screen, style));
  if (visible.length < all.length) {
    const done = all.filter(row => row.state !== 'working').length;
    lines.push(style.faint(fit(`… ${all.length} hosts, ${done} done`, screen.columns - 1)));
  }
  return lines;
}

function atWorkFirst(rows: readonly ProgressRow[]): readonly ProgressRow[] {
  return [...rows.filter(row => row.state === 'working'), ...rows.filter(row => row.state !== 'working')];
}

function drawRow(row: ProgressRow, nameWidth: number, screen: Screen, style: Style): string {
  const name = fit(oneLine(row.host), nameWidth).padEnd(nameWidth);
  const elapsed = showDuration((row.endedAt ?? screen.now) - row.startedAt);
  const steps = row.total > 0 ? `${bar(row)} ${row.step}/${row.total} ` : '';
  const width = screen.columns - 1 - 2 - nameWidth - 1 - steps.length - elapsed.length - 2;
  const title = fit(oneLine(row.title), Math.max(0, width));
  return `${mark(row, screen, style)} ${style.strong(name)} ${style.accent(steps)}${title}  ${style.faint(elapsed)}`;
}

function mark(row: ProgressRow, screen: Screen, style: Style): string {
  if (row.state === 'proved') return style.good('✓');
  if (row.state === 'failed') return style.bad('✗');
  return style.accent(SPINNER[screen.tick % SPINNER.length] ?? '·');
}

function bar(row: ProgressRow): string {
  const filled = Math.min(BAR_WIDTH, Math.round((row.done / row.total) * BAR_WIDTH));
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}
