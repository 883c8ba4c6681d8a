import { buildCommand } from '@stricli/core';
import { EXIT } from '../../core/error-table.ts';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';
import { renderDoctor } from '../render-doctor.ts';

/** `deckhand doctor [HOST]`. */
export const doctorCommand = buildCommand<CommonFlags, [string?], CliContext>({
  docs: {
    brief: 'Check this machine, and hosts when named, and say how to repair what is wrong',
    fullDescription: `Exit code 1 when a check failed; warnings do not count.

Example:
  deckhand doctor web-1`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, optional: true, brief: 'Also these hosts', placeholder: 'HOST' }],
    },
  },
  async func(flags, selector) {
    await withEngine(this, flags, async session => {
      const findings = await session.api.doctor(selector ?? null, session.call);
      session.result({ findings }, () => renderDoctor(findings, session.style));
      return findings.some(finding => finding.status === 'fail') ? EXIT.failed : EXIT.ok;
    });
  },
});
