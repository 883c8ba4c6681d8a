import { buildCommand } from '@stricli/core';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { reportErrors } from '../report-errors.ts';
import { checkOutputFlags, resultText } from '../task-session.ts';

/** `deckhand audit verify`. */
export const auditVerifyCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'Check that no line of the audit log was changed or removed',
    fullDescription: `Exit code 1 names the first line that is not what was written.

Example:
  deckhand audit verify`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await reportErrors(this, flags, async () => {
      checkOutputFlags(flags);
      const { policy, terminal } = this.surroundings;
      const { folder, records } = await policy.audit();
      const body = { folder, lines: records.length, sound: true };
      terminal.stdout.write(resultText(flags, body, () => `sound: ${records.length} lines in ${folder}\n`));
      return EXIT.ok;
    });
  },
});
