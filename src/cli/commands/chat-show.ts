import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { idParameter, outputFlags, type OutputFlags } from '../flags.ts';
import { renderConversation } from '../render-chats.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand chat show ID`. */
export const chatShowCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'Show a conversation',
    fullDescription: `Example:
  deckhand chat show chat-01kf3m2x9q4v8w2t7n0`,
  },
  parameters: { flags: outputFlags, positional: idParameter('The conversation') },
  async func(flags, id) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const found = await tasks.conversation(id);
      result({ ...found }, () => renderConversation(found, style));
      return 0;
    });
  },
});
