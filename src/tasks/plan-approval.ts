import { doubtsOf, judgePlan, judgeStep, type PlanPolicy } from '../agent/judge-plan.ts';
import { judgeLook, looksOf } from '../agent/judge-look.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan, Step } from '../core/plan.ts';
import type { PlannedCommand, PlanPreview } from '../core/run-report.ts';
import type { AuditedDecision } from '../store/store.ts';

/** What was decided about a plan, kept before anything of it runs. */
export type KeepAudit = (entry: AuditedDecision) => Promise<void>;

/** A step whose work may run now, or `policy.refused` / `policy.needs-approval`. */
export type Guard = (step: Step) => Promise<void>;

/** Refuses a plan whose looks do more than look: they run before anybody is asked. Throws `policy.refused`. */
export async function passLooks(plan: Plan, hosts: readonly string[], audit: KeepAudit): Promise<void> {
  for (const { title, script, author } of looksOf(plan)) {
    const fault = judgeLook(script, author);
    if (fault === null) continue;
    const why = `the check '${title}' does more than look: ${fault}`;
    await audit(entryOf('policy.refused', hosts, { text: script, why }));
    throw new DeckhandError('policy.refused', `${hosts.join(', ')}: ${why}.`, { details: { script } });
  }
}

/** Everything the plan would change, judged; and why a person must see it. */
export function judgedPreview(
  plan: Plan,
  hosts: readonly string[],
  policy: PlanPolicy,
): Required<Pick<PlanPreview, 'commands' | 'doubts'>> {
  const commands = judgePlan(plan, hosts, policy);
  return { commands, doubts: doubtsOf(plan, commands) };
}

/** Throws `policy.refused` for the first command that nothing may let through. */
export async function refuseForbidden(
  preview: PlanPreview,
  hosts: readonly string[],
  audit: KeepAudit,
): Promise<void> {
  const refused = preview.commands?.find(({ decision }) => decision === 'refuse');
  if (!refused) return;
  await audit(entryOf('policy.refused', hosts, refused));
  throw refusal(refused, hosts);
}

/** True: nothing of it needs anybody. */
export function runsUnasked({ commands = [], doubts = [] }: PlanPreview): boolean {
  return doubts.length === 0 && commands.every(({ decision }) => decision === 'run');
}

/** A yes, a no or a question about a whole plan, for the audit log. */
export function planEntry(
  action: string,
  preview: PlanPreview,
  hosts: readonly string[],
  why: string,
): AuditedDecision {
  const { hash, commands = [] } = preview;
  const text = commands.map(command => command.text).join('\n');
  const risks = risksOf(preview);
  return { ...entryOf(action, hosts, { text, why, meaning: hash, risks }), class: 'plan' };
}

/** Every risk with a name in a plan. */
export function risksOf({ commands = [] }: PlanPreview): readonly string[] {
  return [...new Set(commands.flatMap(({ risks }) => risks))];
}

/**
 * Judges each step again when it is about to run, from the same bytes that are sent: what asks must be in the plan
 * that was approved, what is refused never runs.
 */
export function guardOf(
  hosts: readonly string[],
  policy: PlanPolicy,
  approved: readonly PlannedCommand[],
  audit: KeepAudit,
): Guard {
  const covered = new Set(approved.map(({ meaning }) => meaning));
  return async step => {
    for (const command of judgeStep(step, hosts, policy)) {
      if (command.decision === 'run' || (command.decision === 'ask' && covered.has(command.meaning)))
        continue;
      const refused = command.decision === 'refuse';
      await audit(entryOf(refused ? 'policy.refused' : 'policy.asked', hosts, command));
      if (refused) throw refusal(command, hosts);
      throw new DeckhandError(
        'policy.needs-approval',
        `${hosts.join(', ')}: step ${step.id} is not what was approved: ${command.why}.`,
        { details: { hash: command.meaning, command: command.text } },
      );
    }
  };
}

function refusal(
  { text, class: found, risks, rule, why, meaning }: PlannedCommand,
  hosts: readonly string[],
) {
  const by = rule === null ? '' : ` (rule ${rule})`;
  return new DeckhandError('policy.refused', `${hosts.join(', ')}: refused${by}: ${why}.`, {
    details: { command: text.slice(0, 2000), class: found, risks, rule, hash: meaning },
  });
}

function entryOf(
  action: string,
  hosts: readonly string[],
  about: { readonly text: string; readonly why: string } & Partial<PlannedCommand>,
): AuditedDecision {
  const { text, class: found = 'unknown', risks = [], rule = null, why, meaning = '' } = about;
  return { action, hosts: [...hosts], command: text, class: found, risks: [...risks], rule, why, meaning };
}
