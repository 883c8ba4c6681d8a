import { buildCommand } from '@stricli/core';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { reportErrors } from '../report-errors.ts';
import { checkOutputFlags, resultText } from '../task-session.ts';

/** `deckhand policy test FILE`. */
export const policyTestCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Read a file of rules and try its examples',
    fullDescription: `Exit code 6 when the file cannot be trusted: every command would be refused.

Example:
  deckhand policy test policy.yaml`,
  },
  parameters: {
    flags: outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'File of rules', placeholder: 'FILE' }],
    },
  },
  async func(flags, file) {
    await reportErrors(this, flags, async () => {
      checkOutputFlags(flags);
      const { policy, terminal } = this.surroundings;
      const tested = await policy.test(file, terminal.folder);
      const lines = tested.rules.map(
        ({ name, decision, why }) => `${decision.padEnd(5)} ${name}: ${oneLine(why)}\n`,
      );
      const summary = `good: ${tested.rules.length} rules, ${tested.examples} examples\n`;
      terminal.stdout.write(resultText(flags, tested, () => `${lines.join('')}${summary}`));
      return EXIT.ok;
    });
  },
});
