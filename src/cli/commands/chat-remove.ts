import { buildCommand } from '@stricli/core';
import { confirm } from '../confirm.ts';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags, toggle } from '../flags.ts';
import { oneLine } from '../layout.ts';
import { withTasks } from '../task-session.ts';

interface RemoveFlags extends OutputFlags {
  readonly yes: boolean;
}

/** `deckhand chat remove ID`. */
export const chatRemoveCommand = buildCommand<RemoveFlags, [string], CliContext>({
  docs: {
    brief: 'Forget a conversation',
    fullDescription: `Example:
  deckhand chat remove chat-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: {
    flags: { ...outputFlags, yes: toggle('Do not ask') },
    aliases: { y: 'yes' },
    positional: idParameter('The conversation'),
  },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, asker, result }) => {
      const { conversation } = await tasks.conversation(id);
      await confirm(`Forget '${oneLine(conversation.title)}'?`, flags.yes, asker);
      await tasks.removeConversation(id);
      result({ removed: id }, () => `forgot ${id}\n`);
      return 0;
    });
  },
});
