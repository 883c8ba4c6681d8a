import type { ChatApi } from '../../api/chat-contract.ts';
import { unknownConversation } from '../models/kept-conversation.ts';
import { audit, type DeskRequest } from './desk-parts.ts';

const PAGE = 100;
const MOST = 10_000;

/** Talking with models, what was said, and the endpoint for other programs. */
export function chatDesk(request: DeskRequest): ChatApi {
  const { store, models, clock } = request;
  return {
    chat: (surroundings, question, options) => models.gateway.chat(surroundings, question, options),
    servedModels: async surroundings =>
      await models.gateway.pool.listWithSpeed(
        await models.sources.servers(surroundings),
        new AbortController().signal,
      ),
    conversations: async ({ search, limit = PAGE }) =>
      await store.conversations({
        ...(search === undefined ? {} : { search }),
        limit: Math.min(limit, MOST),
      }),
    async conversation(id) {
      const found = await store.conversation(id);
      if (found) return found;
      throw unknownConversation(id);
    },
    async renameConversation(id, title) {
      const found = await store.conversation(id);
      if (!found) throw unknownConversation(id);
      const { model } = found.conversation;
      await store.saveConversation({ id, title, model, messages: found.messages, now: clock.now() });
      return { ...found.conversation, title };
    },
    async removeConversation(id) {
      if (!(await store.removeConversation(id))) throw unknownConversation(id);
      await audit(request, 'chat.remove', id);
    },
    endpoint: () => Promise.resolve(models.endpoint.view()),
    async openEndpoint(surroundings, options) {
      const view = await models.endpoint.open(surroundings, options);
      await audit(request, 'endpoint.open', view.url);
      return view;
    },
    async closeEndpoint() {
      await models.endpoint.close();
      await audit(request, 'endpoint.close', 'endpoint');
    },
  };
}
