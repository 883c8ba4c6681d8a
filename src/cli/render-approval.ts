import { showDuration } from '../core/duration.ts';
import type { PlannedCommand, PlanPreview } from '../core/run-report.ts';
import type { Approval } from '../core/task.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';
import { indent, oneLine, table } from './layout.ts';
import { renderPlan } from './render-plan.ts';
import type { Style } from './style.ts';

/** Characters of one piece of evidence that are shown. */
const MOST_EVIDENCE = 4000;

/** What a person reads before saying yes: who is asked until when, for exactly what. */
export function renderApproval(
  approval: Approval,
  preview: PlanPreview | null,
  now: number,
  style: Style,
): string {
  const { id, state, hash, task, askedAt, expiresAt, decidedBy, kind, title, note } = approval;
  const rows = [
    ['what', oneLine(title)],
    ['state', decidedBy === null ? state : `${state} by ${oneLine(decidedBy)}`],
    ['hash', hash],
    ['asked', new Date(askedAt).toISOString()],
    ['expires', state === 'open' ? `in ${showDuration(Math.max(0, expiresAt - now))}` : '-'],
    ['task', task],
    ...(note === null ? [] : [['note', oneLine(note)]]),
  ];
  const parts = [`${style.strong(id)}\n${table(rows, '  ')}`];
  if (kind === 'escalation') parts.push(renderAbout(approval.about, style));
  else if (preview) parts.push(renderPlan(preview, style).trimEnd(), ...askedParts(preview, style));
  else parts.push(...askedParts(approval.about, style));
  if (state === 'open') parts.push(`deckhand approvals approve ${id}\ndeckhand approvals refuse ${id}`);
  return `${parts.filter(part => part !== '').join('\n\n')}\n`;
}

/** What is asked about: of the plan itself, or what is kept beside the question. */
function askedParts(
  asked: Partial<Pick<PlanPreview, 'commands' | 'doubts' | 'difference'>>,
  style: Style,
): readonly string[] {
  const { commands = [], doubts = [], difference = [] } = asked;
  const section = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? '' : [style.strong(title), ...lines].join('\n');
  return [
    section(
      'Why you are asked',
      doubts.map(doubt => `  ${oneLine(doubt)}`),
    ),
    section(
      'Different from the plan before',
      difference.map(line => `  ${oneLine(line)}`),
    ),
    section(
      'Commands, exactly',
      commands.map(command => renderCommand(command, style)),
    ),
  ];
}

function renderCommand(
  { stepId, text, risks, decision, rule, why, ...judged }: PlannedCommand,
  style: Style,
): string {
  const named = risks.length === 0 ? '' : ` (${risks.join(', ')})`;
  const by = rule === null ? '' : ` by rule ${oneLine(rule)}`;
  return [
    `  ${style.faint(stepId)}  ${style.warning(judged.class + named)}  policy: ${decision}${by}: ${oneLine(why)}`,
    indent(sanitiseText(text).trimEnd(), '    | '),
  ].join('\n');
}

/** What a run that does not know further tells of itself. */
function renderAbout(about: Approval['about'], style: Style): string {
  const entries = Object.entries(about).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
    const shown = tailOf(sanitiseText(text).trimEnd(), MOST_EVIDENCE);
    return `${style.strong(oneLine(name))}\n${indent(shown, '  ')}`;
  });
  return entries.join('\n');
}
