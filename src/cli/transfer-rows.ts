import { showDuration } from '../core/duration.ts';
import { fit, oneLine, widthOf } from './layout.ts';
import { mark, type Screen, visibleRows } from './progress-rows.ts';
import { showLeft, showRate, showSize } from './sizes.ts';
import type { Style } from './style.ts';
import { leftOf, partOf, rateOf, type TransferRow, type TransferRows } from './transfer-model.ts';

const BAR_WIDTH = 10;

/** One line per transfer: host, bar, bytes, rate, time left, file; none wider than the screen. */
export function drawTransfers(rows: TransferRows, screen: Screen, style: Style): readonly string[] {
  const { visible, rest } = visibleRows([...rows.values()], screen);
  const nameWidth = Math.min(24, Math.max(0, ...visible.map(row => widthOf(oneLine(row.host)))));
  const lines = visible.map(row => drawTransfer(row, nameWidth, screen, style));
  return rest === null ? lines : [...lines, style.faint(fit(rest, screen.columns - 1))];
}

function drawTransfer(row: TransferRow, nameWidth: number, screen: Screen, style: Style): string {
  const name = fit(oneLine(row.host), nameWidth).padEnd(nameWidth);
  const facts = factsOf(row, screen.now);
  const room = screen.columns - 1 - 2 - nameWidth - 1;
  const shown = fit(facts, room);
  const text = fit(aboutOf(row), Math.max(0, room - widthOf(shown) - 1));
  const tail = text === '' ? '' : ` ${text}`;
  return `${mark(row.state, screen, style)} ${style.strong(name)} ${style.accent(shown)}${tail}`;
}

function factsOf(row: TransferRow, now: number): string {
  const part = partOf(row);
  const took = showDuration((row.endedAt ?? now) - row.startedAt);
  if (row.state === 'done') return row.total === null ? took : `${showSize(row.done)} in ${took}`;
  if (row.state === 'failed') return took;
  if (part === null && row.done === 0) return took;
  const rate = rateOf(row, now);
  const left = leftOf(row, rate);
  return [
    ...(part === null ? [] : [bar(part), `${String(Math.floor(part * 100)).padStart(3)}%`]),
    `${showSize(row.done)}${row.total === null ? '' : `/${showSize(row.total)}`}`,
    ...(rate === null ? [] : [showRate(rate)]),
    ...(left === null ? [] : [`${showLeft(left)} left`]),
  ].join(' ');
}

/** The file at work; before any, the phase. */
function aboutOf(row: TransferRow): string {
  if (row.state === 'done') return '';
  return oneLine(row.text === '' ? row.phase : row.text);
}

function bar(part: number): string {
  const filled = Math.floor(part * BAR_WIDTH);
  return '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
}

/** The same for a log, without anything that moves. */
export function describeTransfer(row: TransferRow, now: number): string {
  const host = oneLine(row.host);
  const about = aboutOf(row);
  if (row.state === 'done') return `${host}: done, ${factsOf(row, now)}`;
  if (row.state === 'failed') return `${host}: failed, ${about}`;
  const part = partOf(row);
  if (part === null && row.done === 0) return `${host}: ${about}`;
  const rate = rateOf(row, now);
  const left = leftOf(row, rate);
  return [
    `${host}: ${part === null ? '' : `${Math.floor(part * 100)} %, `}${showSize(row.done)}${row.total === null ? '' : ` of ${showSize(row.total)}`}`,
    ...(rate === null ? [] : [showRate(rate)]),
    ...(left === null ? [] : [`${showLeft(left)} left`]),
    about,
  ].join(', ');
}
