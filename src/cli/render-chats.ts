import type { ConversationView } from '../api/chat-contract.ts';
import type { Conversation, ServedModelView } from '../core/chat.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { oneLine, table } from './layout.ts';
import { timeText } from './render-tasks.ts';
import type { Style } from './style.ts';

/** What the servers serve, a line each; a server that does not answer says why. */
export function renderServedModels(models: readonly ServedModelView[], style: Style): string {
  if (models.length === 0) return 'no model servers; deploy one: deckhand model deploy HOST MODEL.gguf\n';
  const rows = models.map(each => [
    style.strong(oneLine(each.model ?? '-')),
    oneLine(each.server),
    each.error ? style.bad(each.error.code) : style.good('serves'),
    each.context === null ? '-' : `${each.context}`,
    each.slots === null ? '-' : `${each.running}/${each.slots}`,
    each.tokensPerSecond === null ? '-' : each.tokensPerSecond.toFixed(1),
    each.error ? oneLine(each.error.message) : '',
  ]);
  const head = ['MODEL', 'SERVER', 'STATE', 'CONTEXT', 'SLOTS', 'TOKENS/S', ''].map(word =>
    style.faint(word),
  );
  return `${table([head, ...rows])}\n`;
}

/** Conversations, a line each. */
export function renderConversations(found: readonly Conversation[], style: Style): string {
  if (found.length === 0) return 'no conversations\n';
  const rows = found.map(each => [
    each.id,
    timeText(each.changedAt),
    oneLine(each.model ?? '-'),
    `${each.messages}`,
    oneLine(each.title),
  ]);
  const head = ['ID', 'CHANGED', 'MODEL', 'MESSAGES', 'TITLE'].map(word => style.faint(word));
  return `${table([head, ...rows])}\n`;
}

/** A conversation to read. */
export function renderConversation({ conversation, messages }: ConversationView, style: Style): string {
  const said = messages.map(({ role, content, model, finishReason }) => {
    const who = role === 'assistant' ? (model ?? 'model') : role;
    const end = finishReason === undefined || finishReason === 'stop' ? '' : ` (${oneLine(finishReason)})`;
    return `${style.strong(oneLine(who))}${style.faint(end)}\n${sanitiseText(content)}\n`;
  });
  return `${style.faint(`${conversation.id}: ${oneLine(conversation.title)}`)}\n\n${said.join('\n')}`;
}

/** A conversation as a document. */
export function conversationMarkdown({ conversation, messages }: ConversationView): string {
  const said = messages.map(
    ({ role, content, model }) =>
      `## ${role === 'assistant' ? (model ?? 'model') : role}\n\n${sanitiseText(content)}\n`,
  );
  return `# ${oneLine(conversation.title)}\n\n${new Date(conversation.createdAt).toISOString()}, ${conversation.id}\n\n${said.join('\n')}`;
}
