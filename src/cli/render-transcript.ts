import { showDuration } from '../core/duration.ts';
import type { PlanningRecord, PlanningTurn } from '../core/planning-record.ts';
import { headAndTail, oneLine, sanitiseText } from '../core/untrusted.ts';
import { count, indent } from './layout.ts';
import type { Style } from './style.ts';

/** Characters of one text unless all of it is wanted. */
const SHOWN = 1500;

/** The calls of a run as a person reads them: who was asked what, what was answered, what was wrong with it. */
export function renderTranscript(records: readonly PlanningRecord[], whole: boolean, style: Style): string {
  if (records.length === 0) return 'No model was asked in this run.\n';
  const tokens = records.reduce((sum, record) => sum + record.tokens, 0);
  const total = `${count(records.length, 'call')}, ${count(tokens, 'token')}${costOf(records)}`;
  return `${records.map(record => renderRecord(record, whole, style)).join('\n')}\n${style.faint(total)}\n`;
}

function renderRecord(record: PlanningRecord, whole: boolean, style: Style): string {
  const { number, role, model, error, instructions, prompt, turns } = record;
  const section = (title: string, text: string): string =>
    `  ${style.faint(title)}\n${indent(shownText(text, whole), '    ')}`;
  return [
    `${style.strong(`${number}. ${role}`)}  ${oneLine(model)}  ${style.faint(factsOf(record))}`,
    ...(whole ? [section('instructions', instructions)] : []),
    section('asked', prompt),
    ...turns.flatMap(turn => renderTurn(turn, section, style)),
    ...(error === null ? [] : [`  ${style.bad(error.code)}: ${oneLine(error.message)}`]),
    '',
  ].join('\n');
}

function renderTurn(
  { answer, fault }: PlanningTurn,
  section: (title: string, text: string) => string,
  style: Style,
): readonly string[] {
  const said = section('answered', answer === '' ? '(nothing)' : answer);
  return fault === null ? [said] : [said, `  ${style.warning('does not fit')}: ${oneLine(fault)}`];
}

function factsOf({ startedAt, duration, requests, tokens, usage }: PlanningRecord): string {
  const { promptTokens, completionTokens, cost } = usage;
  const counted =
    promptTokens === null && completionTokens === null
      ? `about ${count(tokens, 'token')}`
      : `${promptTokens ?? 0} + ${completionTokens ?? 0} tokens`;
  const price = cost === null ? '' : `, cost ${cost}`;
  const when = new Date(startedAt).toISOString();
  return `${when}, ${showDuration(duration)}, ${count(requests, 'request')}, ${counted}${price}`;
}

function costOf(records: readonly PlanningRecord[]): string {
  const costs = records.flatMap(({ usage }) => (usage.cost === null ? [] : [usage.cost]));
  return costs.length === 0 ? '' : `, cost ${Number(costs.reduce((sum, one) => sum + one, 0).toFixed(6))}`;
}

function shownText(text: string, whole: boolean): string {
  const safe = sanitiseText(text);
  return whole ? safe : headAndTail(safe, SHOWN);
}
