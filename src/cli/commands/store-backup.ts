import { resolve } from 'node:path';
import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand store backup FILE`. */
export const storeBackupCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Copy the store to a file while work goes on',
    fullDescription: `The copy is consistent; the file must not exist yet.

Example:
  deckhand store backup deckhand-backup.db`,
  },
  parameters: {
    flags: outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'Where the copy goes', placeholder: 'FILE' }],
    },
  },
  async func(flags, name) {
    await withTasks(this, flags, async ({ tasks, result, terminal }) => {
      const { file, bytes } = await tasks.backup(resolve(terminal.folder, name));
      result({ file, bytes }, () => `${file}: ${bytes} bytes\n`);
      return 0;
    });
  },
});
