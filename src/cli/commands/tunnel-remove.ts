import { buildCommand } from '@stricli/core';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags, toggle } from '../flags.ts';
import { withTasks } from '../task-session.ts';

interface RemoveFlags extends OutputFlags {
  readonly all: boolean;
}

/** `deckhand tunnel remove NAME...`. */
export const tunnelRemoveCommand = buildCommand<RemoveFlags, string[], CliContext>({
  docs: {
    brief: 'Close tunnels and forget them',
    fullDescription: `Example:
  deckhand tunnel remove db
  deckhand tunnel remove --all`,
  },
  parameters: {
    flags: { ...outputFlags, all: toggle('All tunnels') },
    positional: { kind: 'array', parameter: { parse: String, brief: 'Names', placeholder: 'NAME...' } },
  },
  async func(flags, ...names) {
    await withTasks(this, flags, async ({ tasks, result }) => {
      if (flags.all === names.length > 0)
        throw new DeckhandError('input.invalid', 'Name the tunnels to remove, or pass --all.');
      const chosen = flags.all ? (await tasks.tunnels()).map(({ name }) => name) : names;
      for (const name of chosen) await tasks.removeTunnel(name);
      result({ removed: chosen }, () => chosen.map(name => `removed ${name}\n`).join(''));
      return 0;
    });
  },
});
