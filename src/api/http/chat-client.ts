import type { Conversation, EndpointView, ServedModelView } from '../../core/chat.ts';
import type { ChatApi } from '../chat-contract.ts';
import type { Ask } from './client.ts';
import type { Transport } from './transport.ts';

/** Milliseconds until a chat must have begun to answer: its own faults come as events. */
const CHAT_LIMIT = 60_000;

/** The calls about chats over HTTP. */
export function chatCalls(ask: Ask, transport: Transport, open: AbortSignal): ChatApi {
  const part = encodeURIComponent;
  return {
    async *chat(surroundings, request, { signal }) {
      const response = await transport.open({
        method: 'POST',
        path: '/v1/chat',
        body: { surroundings, request },
        signal: AbortSignal.any([signal, open]),
        limit: CHAT_LIMIT,
      });
      // loaded when somebody talks: every command's start is felt
      const { chatEvents } = await import('./chat-events.ts');
      const leave = (): void => void response.destroy();
      signal.addEventListener('abort', leave, { once: true });
      try {
        yield* chatEvents(response, transport);
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        signal.removeEventListener('abort', leave);
      }
    },
    async servedModels(surroundings) {
      const answer = ask<{ models: readonly ServedModelView[] }>('POST', '/v1/models/list', { surroundings });
      return (await answer).models;
    },
    async conversations({ search, limit }) {
      const query = new URLSearchParams();
      if (search !== undefined) query.set('search', search);
      if (limit !== undefined) query.set('limit', `${limit}`);
      const path = `/v1/conversations${query.size === 0 ? '' : `?${query.toString()}`}`;
      return (await ask<{ conversations: readonly Conversation[] }>('GET', path)).conversations;
    },
    conversation: id => ask('GET', `/v1/conversations/${part(id)}`),
    renameConversation: (id, title) => ask('PATCH', `/v1/conversations/${part(id)}`, { title }),
    async removeConversation(id) {
      await ask('DELETE', `/v1/conversations/${part(id)}`);
    },
    endpoint: async () => (await ask<{ endpoint: EndpointView | null }>('GET', '/v1/endpoint')).endpoint,
    openEndpoint: (surroundings, options) => ask('POST', '/v1/endpoint', { surroundings, ...options }),
    async closeEndpoint() {
      await ask('DELETE', '/v1/endpoint');
    },
  };
}
