import type { TransferHostResult } from '../api/contract.ts';
import { showDuration } from '../core/duration.ts';
import type { TransferAction, TransferResult } from '../core/transfer-params.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { isChange, isComplete } from './exit-of-transfers.ts';
import { count, oneLine, table } from './layout.ts';
import { showName } from './names.ts';
import { showRate, showSize } from './sizes.ts';
import type { Style } from './style.ts';

/** Lines of what was left out that people are shown; JSON has more. */
const MOST_TOLD = 50;

type Shown = Pick<TransferHostResult, 'host' | 'source' | 'target' | 'result' | 'error'>;

/** What came of each transfer, one line each; of a dry run its plan before. */
export function renderTransfers(results: readonly Shown[], style: Style): string {
  const several = new Set(results.map(result => result.host)).size < results.length;
  return results
    .map(item => {
      const { result, error } = item;
      const plan = result?.plan ? planText(result, style) : '';
      const head = style.strong(
        several ? `${oneLine(item.host)} ${showName(item.source)}` : oneLine(item.host),
      );
      const word = error ? style.bad(error.code) : result ? outcomeOf(result, style) : style.bad('no result');
      const counted = result ? (result.plan ? plannedText(result) : doneText(result)) : '';
      return `${results.length > 1 && plan !== '' ? `${head}:\n` : ''}${plan}${head}: ${[word, counted].filter(Boolean).join(', ')}\n`;
    })
    .join('');
}

function outcomeOf(result: TransferResult, style: Style): string {
  return isComplete(result) ? style.good('ok') : style.bad('incomplete');
}

function doneText(result: TransferResult): string {
  const { files, bytes, duration, directories, links, unchanged, deleted, verified, extended = 0 } = result;
  const rate = duration > 0 && bytes > 0 ? ` (${showRate((bytes / duration) * 1000)})` : '';
  const travelled = `${count(files, 'file')}, ${showSize(bytes)} in ${showDuration(duration)}${rate}`;
  const rest = [
    part(verified, 'verified'),
    part(directories, directories === 1 ? 'folder' : 'folders'),
    part(links, links === 1 ? 'link' : 'links'),
    part(unchanged, 'unchanged'),
    part(deleted, 'deleted'),
    part(extended, 'given attributes'),
    ...leftOutParts(result),
  ];
  return [travelled, ...rest.filter(Boolean)].join(', ');
}

function leftOutParts({ skippedCount, conflicts, failures = [] }: TransferResult): readonly string[] {
  return [
    part(skippedCount, 'skipped'),
    part(conflicts.length, conflicts.length === 1 ? 'conflict' : 'conflicts'),
    part(failures.length, 'failed'),
  ];
}

function part(amount: number, word: string): string {
  return amount === 0 ? '' : `${amount} ${word}`;
}

function plannedText(result: TransferResult): string {
  const { plan = [], planCount = plan.length, unchanged, extended = 0 } = result;
  if (planCount === 0 && extended === 0) return 'nothing to do';
  const of = (action: TransferAction['action']): number =>
    plan.filter(planned => planned.action === action).length;
  const bytes = plan
    .filter(({ action }) => action === 'create' || action === 'update')
    .reduce((sum, { size }) => sum + size, 0);
  const rest = [
    part(of('create'), 'to create'),
    part(of('update'), 'to update'),
    part(of('attributes'), 'to touch'),
    part(of('delete'), 'to delete'),
    part(extended, 'to give attributes'),
    part(of('conflict'), 'in conflict'),
    part(of('skip'), 'to skip'),
    part(unchanged, 'unchanged'),
    ...(planCount > plan.length ? [`only the first ${plan.length} of ${planCount} are known here`] : []),
  ];
  return `${plan.some(isChange) || extended > 0 ? `${showSize(bytes)} to move` : 'nothing to do'}, ${rest.filter(Boolean).join(', ')}`;
}

const SIGN = { create: '+', update: '~', attributes: '~', delete: '-', conflict: '!', skip: '!' } as const;

/** `+` new, `~` changed, `-` removed, `!` left alone; with sizes, and the side where both may change. */
function planText({ plan = [] }: TransferResult, style: Style): string {
  if (plan.length === 0) return '';
  const sides = new Set(plan.map(action => action.side)).size > 1;
  const diffs = plan.map(action => diffText(action, style)).join('');
  return `${actionTable(plan, sides, style)}\n${diffs === '' ? '' : `${diffs}\n`}`;
}

/** Lines of one file's difference that people are shown; JSON has all of them. */
const MOST_LINES = 400;

/** As `diff -u` prints it; what the host's files hold is shown without what a terminal obeys. */
function diffText({ action, path, diff }: TransferAction, style: Style): string {
  if (diff === undefined) return '';
  const name = showName(path);
  if ('note' in diff) return `${style.faint(`${name}: ${oneLine(diff.note)}`)}\n`;
  const names: readonly [string, string] =
    action === 'conflict'
      ? [`${name} (here)`, `${name} (on the host)`]
      : [action === 'create' ? '/dev/null' : name, action === 'delete' ? '/dev/null' : name];
  const lines = sanitiseText(diff.text).split('\n');
  const shown = lines.slice(0, MOST_LINES).map(line => {
    if (line.startsWith('+')) return style.good(line);
    return line.startsWith('-') ? style.bad(line) : line;
  });
  if (lines.length > MOST_LINES) shown.push(style.faint(`… ${lines.length - MOST_LINES} more lines`));
  return [`--- ${names[0]}`, `+++ ${names[1]}`, ...shown, ''].join('\n');
}

/** Actions, one a line. `sides`: also says on which side each happens. */
export function actionTable(actions: readonly TransferAction[], sides: boolean, style: Style): string {
  return table(
    actions.map(action => [
      `${signOf(action, style)} ${showName(action.path)}${action.type === 'directory' ? '/' : ''}`,
      [
        action.type === 'file' ? showSize(action.size) : action.type,
        ...(sides ? [action.side === 'local' ? 'here' : 'on the host'] : []),
        ...(action.action === 'attributes' ? ['mode or time only'] : []),
        ...(action.reason === undefined ? [] : [oneLine(action.reason)]),
      ].join(', '),
    ]),
  );
}

function signOf({ action }: TransferAction, style: Style): string {
  const sign = SIGN[action];
  if (sign === '+') return style.good(sign);
  return sign === '~' ? style.warning(sign) : style.bad(sign);
}

/** What did not go as asked, for stderr: errors, conflicts, files that failed, what was left out. */
export function renderProblems(results: readonly Shown[], style: Style): string {
  return results
    .map(({ host, result, error }) => {
      const named = (title: string, rows: readonly (readonly string[])[], total: number): string => {
        if (rows.length === 0) return '';
        const more = total > MOST_TOLD ? `\n  … ${total - MOST_TOLD} more; --json tells all` : '';
        return `${style.strong(oneLine(host))}: ${title}\n${table(rows.slice(0, MOST_TOLD), '  ')}${more}\n`;
      };
      const why = ({ path, reason }: TransferAction): readonly string[] => [
        `${style.warning('!')} ${showName(path)}`,
        oneLine(reason ?? ''),
      ];
      const failures = result?.failures ?? [];
      const told = result?.plan ? [] : (result?.conflicts ?? []);
      const skipped = result?.plan ? [] : (result?.skipped ?? []);
      return [
        error
          ? `${results.length > 1 ? `${style.strong(oneLine(host))}: ` : ''}${style.bad('error')} ${style.strong(error.code)}: ${oneLine(error.message)}\nhint: ${oneLine(error.hint)}\n`
          : '',
        named('in conflict, left as it is on both sides', told.map(why), told.length),
        named(
          'failed',
          failures.map(failure => [
            `${style.bad('!')} ${showName(failure.path)}`,
            failure.error.code,
            oneLine(failure.error.message),
          ]),
          failures.length,
        ),
        named('left out', skipped.map(why), result?.skippedCount ?? 0),
      ].join('');
    })
    .join('');
}
