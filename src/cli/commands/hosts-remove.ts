import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { withEngine } from '../engine-session.ts';
import { commonAliases, commonFlags, type CommonFlags } from '../flags.ts';

/** `deckhand hosts remove NAME`. */
export const hostsRemoveCommand = buildCommand<CommonFlags, [string], CliContext>({
  docs: {
    brief: 'Take a host out of deckhand.yaml',
    fullDescription: `Also out of the groups of that file. ~/.ssh/config is only read: what is known from there stays.

Example:
  deckhand hosts remove web-1`,
  },
  parameters: {
    flags: commonFlags,
    aliases: commonAliases,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Its name', placeholder: 'NAME' }],
    },
  },
  async func(flags, name) {
    await withEngine(this, flags, async ({ tasks, base, result }) => {
      const removed = await tasks.removeHost(base.surroundings, name);
      const rest = removed.remains ? '; it is still known from your OpenSSH configuration' : '';
      result({ name, ...removed }, () => `removed ${name} from ${removed.file}${rest}\n`);
      return 0;
    });
  },
});
