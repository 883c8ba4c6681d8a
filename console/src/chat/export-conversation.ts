import type { ShownMessage } from './use-chat.ts';

/** Gives the conversation to the person as a file of plain text. */
export function downloadConversation(messages: readonly ShownMessage[]): void {
  const url = URL.createObjectURL(new Blob([conversationText(messages)], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = 'conversation.txt';
  link.click();
  URL.revokeObjectURL(url);
}

function conversationText(messages: readonly ShownMessage[]): string {
  return messages
    .map(({ role, model, content }) => `${role === 'user' ? 'You' : (model ?? role)}:\n${content}\n`)
    .join('\n');
}
