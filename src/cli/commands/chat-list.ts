import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderConversations } from '../render-chats.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand chat list`. */
export const chatListCommand = buildCommand<OutputFlags, [], CliContext>({
  docs: {
    brief: 'List conversations, the newest first',
    fullDescription: `Example:
  deckhand chat list`,
  },
  parameters: { flags: outputFlags },
  async func(flags) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const conversations = await tasks.conversations({});
      result({ conversations }, () => renderConversations(conversations, style));
      return 0;
    });
  },
});
