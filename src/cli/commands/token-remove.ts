import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand token remove NAME`. */
export const tokenRemoveCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Make a token worthless, at once',
    fullDescription: `Example:
  deckhand token remove ci`,
  },
  parameters: {
    flags: outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Name of the token', parse: String, placeholder: 'NAME' }],
    },
  },
  async func(flags, name) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      await tasks.removeToken(name);
      result({ removed: name }, () => `removed ${name}\n`);
      return 0;
    });
  },
});
