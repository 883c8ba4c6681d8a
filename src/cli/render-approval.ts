import { showDuration } from '../core/duration.ts';
import type { PlanPreview } from '../core/run-report.ts';
import type { Approval } from '../core/task.ts';
import { sanitiseText } from '../core/untrusted.ts';
import type { PolicyExplanation } from './context.ts';
import { indent, oneLine, table } from './layout.ts';
import { renderPlan } from './render-plan.ts';
import type { Style } from './style.ts';

/** A command of a plan, exactly, and what the policy says of it. */
export interface JudgedCommand {
  readonly stepId: string;
  readonly title: string;
  readonly command: string;
  readonly class: string;
  readonly risks: readonly string[];
  /** What the mode of the settings makes of it (`ask`, where that is off), and by which rule; null = by the mode. */
  readonly decision: string;
  readonly rule: string | null;
  readonly why: string;
}

/** Every command that a plan would run as it is written; what typed states do follows from their kind. */
export async function judgedCommands(
  { plan, hosts }: PlanPreview,
  explain: (command: string, host: string) => Promise<PolicyExplanation>,
): Promise<readonly JudgedCommand[]> {
  const host = hosts[0]?.host ?? 'any';
  const found = plan.steps.flatMap(step =>
    step.states.flatMap(state => (state.kind === 'command' ? [{ step, state }] : [])),
  );
  return await Promise.all(
    found.map(async ({ step, state }): Promise<JudgedCommand> => {
      const { verdict, decisions, mode } = await explain(state.script, host);
      const wanted = mode === 'off' ? 'ask' : mode;
      const decided = decisions.find(one => one.mode === wanted) ?? decisions[0];
      return {
        stepId: step.id,
        title: state.title,
        command: state.script,
        class: verdict.class,
        risks: verdict.risks,
        decision: decided?.decision ?? 'refuse',
        rule: decided?.rule ?? null,
        why: decided?.why ?? '',
      };
    }),
  );
}

/** What a person reads before saying yes: who is asked until when, for exactly what. */
export function renderApproval(
  approval: Approval,
  preview: PlanPreview | null,
  commands: readonly JudgedCommand[],
  now: number,
  style: Style,
): string {
  const { id, state, hash, task, askedAt, expiresAt, decidedBy } = approval;
  const expires = state === 'open' ? `in ${showDuration(Math.max(0, expiresAt - now))}` : '-';
  const rows = [
    ['state', decidedBy === null ? state : `${state} by ${oneLine(decidedBy)}`],
    ['hash', hash],
    ['asked', new Date(askedAt).toISOString()],
    ['expires', expires],
    ['task', task],
  ];
  const parts = [`${style.strong(id)}\n${table(rows, '  ')}`];
  if (preview) parts.push(renderPlan(preview, style).trimEnd());
  else parts.push('The plan itself is no longer kept.');
  if (commands.length > 0)
    parts.push([style.strong('Commands'), ...commands.map(one => renderCommand(one, style))].join('\n'));
  if (state === 'open') parts.push(`deckhand approvals approve ${id}\ndeckhand approvals refuse ${id}`);
  return `${parts.join('\n\n')}\n`;
}

function renderCommand(
  { stepId, title, command, decision, rule, why, ...judged }: JudgedCommand,
  style: Style,
): string {
  const risks = judged.risks.length === 0 ? '' : ` (${judged.risks.join(', ')})`;
  const by = rule === null ? '' : ` by rule ${oneLine(rule)}`;
  return [
    `  ${style.faint(stepId)}  ${oneLine(title)}: ${style.warning(judged.class + risks)}`,
    `    policy: ${decision}${by}: ${oneLine(why)}`,
    indent(sanitiseText(command).trimEnd(), '    | '),
  ].join('\n');
}
