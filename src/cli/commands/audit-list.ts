import { buildCommand } from '@stricli/core';
import type { AuditEntryView } from '../../api/access-contract.ts';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { reportErrors } from '../report-errors.ts';
import { checkOutputFlags, resultText } from '../task-session.ts';

/** `deckhand audit list`. */
export const auditListCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'List what the policy refused, asked and let through by approval',
    fullDescription: `The chain is checked first: a changed log is an error, not a list.

Example:
  deckhand audit list --json`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await reportErrors(this, flags, async () => {
      checkOutputFlags(flags);
      const { policy, terminal } = this.surroundings;
      const { records } = await policy.audit();
      terminal.stdout.write(resultText(flags, { records }, () => records.map(lineOf).join('')));
      return EXIT.ok;
    });
  },
});

function lineOf({ number, time, who, action, hosts, command, rule, why }: AuditEntryView): string {
  const by = rule === null ? '' : ` rule ${rule}`;
  const when = new Date(time).toISOString();
  return `${number} ${when} ${oneLine(who)} ${action} ${oneLine(hosts.join(','))}${by}: ${oneLine(why)}\n    ${oneLine(command)}\n`;
}
