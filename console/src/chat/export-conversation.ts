import { saveText } from '../parts/save-text.ts';
import type { ShownMessage } from './use-chat.ts';

/** Gives the conversation to the person as a file of plain text. */
export function downloadConversation(messages: readonly ShownMessage[]): void {
  saveText('conversation.txt', 'text/plain', conversationText(messages));
}

function conversationText(messages: readonly ShownMessage[]): string {
  return messages
    .map(({ role, model, content }) => `${role === 'user' ? 'You' : (model ?? role)}:\n${content}\n`)
    .join('\n');
}
