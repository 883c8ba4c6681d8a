import { buildCommand } from '@stricli/core';
import type { PolicyVerdict } from '../../api/access-contract.ts';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags, value } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { reportErrors } from '../report-errors.ts';
import { checkOutputFlags, resultText } from '../task-session.ts';

interface ExplainFlags extends OutputFlags {
  readonly host: string | undefined;
  readonly mode: string | undefined;
}

const EXIT_OF = { run: EXIT.ok, ask: EXIT.approvalNeeded, refuse: EXIT.refused } as const;

/** `deckhand policy explain 'COMMAND'`. */
export const policyExplainCommand = buildCommand<ExplainFlags, [string], CliContext>({
  docs: {
    brief: 'Say what a command may do and whether it would run, ask or be refused',
    fullDescription: `Nothing is run. Exit code 0: it would run unasked, 7: it would ask, 6: it would be refused, in the mode of the settings (ask, where that is off) or of --mode.

Example:
  deckhand policy explain 'find /srv -name core -delete'`,
  },
  parameters: {
    flags: {
      ...outputFlags,
      host: value('Judge it for this host. Default: any', 'NAME'),
      mode: value('read-only, ask, auto or allow-list', 'MODE'),
    },
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Shell text, quoted', placeholder: 'COMMAND' }],
    },
  },
  async func(flags, command) {
    await reportErrors(this, flags, async () => {
      checkOutputFlags(flags);
      const { policy, terminal } = this.surroundings;
      const explained = await policy.explain(command, flags.host ?? 'any', terminal.folder);
      const wanted = flags.mode ?? (explained.mode === 'off' ? 'ask' : explained.mode);
      const decided = explained.decisions.find(({ mode }) => mode === wanted) ?? explained.decisions[0];
      terminal.stdout.write(resultText(flags, explained, () => render(explained)));
      return decided ? EXIT_OF[decided.decision] : EXIT.refused;
    });
  },
});

function render({ verdict, decisions, hash }: PolicyVerdict): string {
  const risks = verdict.risks.length === 0 ? '' : ` (${verdict.risks.join(', ')})`;
  return [
    `${verdict.class}${risks}`,
    ...verdict.reasons.map(
      ({ class: found, text, words }) => `  ${found}: ${oneLine(text)}: ${oneLine(words)}`,
    ),
    ...verdict.effects.map(({ kind, subject }) => `  ${kind} ${oneLine(subject)}`),
    ...decisions.map(
      ({ mode, decision, rule, why }) =>
        `${mode.padEnd(10)} ${decision}${rule === null ? '' : ` by rule ${rule}`}: ${oneLine(why)}`,
    ),
    `meaning    ${hash.slice(0, 12)}`,
    '',
  ].join('\n');
}
