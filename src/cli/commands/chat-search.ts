import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { outputFlags, type OutputFlags } from '../flags.ts';
import { renderConversations } from '../render-chats.ts';
import { withTasks } from '../task-session.ts';

/** `deckhand chat search TEXT`. */
export const chatSearchCommand = buildCommand<OutputFlags, [string], CliContext>({
  docs: {
    brief: 'List the conversations in which something was said',
    fullDescription: `The text as it stands, in capitals or not, in questions, answers and titles.

Example:
  deckhand chat search "reverse proxy"`,
  },
  parameters: {
    flags: outputFlags,
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, brief: 'What was said', placeholder: 'TEXT' }],
    },
  },
  async func(flags, search) {
    await withTasks(this, flags, async ({ tasks, result, style }) => {
      const conversations = await tasks.conversations({ search });
      result({ conversations }, () => renderConversations(conversations, style));
      return 0;
    });
  },
});
