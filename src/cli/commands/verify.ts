import { buildCommand } from '@stricli/core';
import { reportOf, runRecordOf } from '../../api/over-tasks/run-record.ts';
import { toDeckhandError } from '../../core/deckhand-error.ts';
import { EXIT } from '../../core/error-table.ts';
import type { HostPreview, PlanPreview } from '../../core/run-report.ts';
import type { CliContext, PolicyTools } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { exitCodeOfPreview } from '../exit-code.ts';
import { commonAliases, type CommonFlags, commonFlags, idParameter } from '../flags.ts';
import { count, indent, oneLine } from '../layout.ts';
import { renderDiff } from '../render-diff.ts';
import type { Style } from '../style.ts';

/** The audit log, checked. */
interface AuditWord {
  readonly sound: boolean;
  readonly lines: number;
  readonly fault: string | null;
}

/** `deckhand verify RUN`: does what it proved still hold? */
export const verifyCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Ask the hosts of a run again whether what it proved still holds, and check the audit log',
    fullDescription: `Every state and post-condition of the run is asked of its hosts in one round trip; nothing is changed. Exit code 0: all of it holds,
10: something drifted, 1: the audit log was changed.

Example:
  deckhand verify task-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: commonFlags, aliases: commonAliases, positional: idParameter('Run') },
  async func(flags, id) {
    await withEngine(this, flags, async session => {
      const { plan, hosts, intent } = reportOf(await runRecordOf(session.tasks, id));
      const names = hosts.map(({ host }) => host).join(',');
      const preview = await session.api.plan({ hosts: names, plan: { ...plan, intent } }, session.call);
      const audit = await checkAudit(this.surroundings.policy);
      const drifted = preview.hosts.filter(isDrifted).map(({ host }) => host);
      const body = { run: id, goal: plan.goal, drifted, hosts: preview.hosts, audit };
      session.result(body, () => render(id, preview, audit, session.style));
      if (!audit.sound) return EXIT.failed;
      const asked = exitCodeOfPreview(preview);
      return asked === EXIT.ok && drifted.length > 0 ? EXIT.changesPending : asked;
    });
  },
});

function isDrifted({ pending, openPostconditions }: HostPreview): boolean {
  return pending.length > 0 || openPostconditions.length > 0;
}

async function checkAudit(policy: PolicyTools): Promise<AuditWord> {
  try {
    return { sound: true, lines: (await policy.audit()).records.length, fault: null };
  } catch (error) {
    return { sound: false, lines: 0, fault: toDeckhandError(error).message };
  }
}

function render(id: string, { plan, hosts }: PlanPreview, audit: AuditWord, style: Style): string {
  const lines = hosts.map(host => hostLines(host, plan.postconditions.length, style));
  const log = audit.sound
    ? `audit log: ${style.good('sound')}, ${count(audit.lines, 'line')}`
    : `audit log: ${style.bad('broken')}: ${oneLine(audit.fault ?? '')}`;
  return `${[`${style.strong(oneLine(plan.goal))} ${style.faint(`[${oneLine(id)}]`)}`, ...lines, log].join('\n')}\n`;
}

function hostLines(host: HostPreview, conditions: number, style: Style): string {
  const name = style.strong(oneLine(host.host));
  if (host.error) return `${name}: ${style.bad(host.error.code)}: ${oneLine(host.error.message)}`;
  if (!isDrifted(host))
    return `${name}: ${style.good('still holds')}: every state, and ${count(conditions, 'post-condition')}`;
  return [
    `${name}: ${style.bad('drifted')}`,
    ...host.pending.map(
      ({ state, stepId, diff }) =>
        `  ${oneLine(state)} ${style.faint(stepId)}\n${indent(renderDiff(diff, style), '      ')}`,
    ),
    ...host.openPostconditions.map(
      title => `  ${style.warning('does not hold any more:')} ${oneLine(title)}`,
    ),
  ]
    .map(text => text.trimEnd())
    .join('\n');
}
