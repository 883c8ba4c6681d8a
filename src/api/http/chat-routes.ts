import { chatRequestSchema, type ChatRequest } from '../../core/chat.ts';
import { z } from '../../core/schema.ts';
import type { Surroundings } from '../../core/task.ts';
import { answers } from './answer-schemas.ts';
import { chatStream } from './chat-stream.ts';
import { STREAM_HEADERS } from './event-stream.ts';
import { paceFor, register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const name = z.string().min(1).max(300);
const conversation = z.object({ id: name });
const conversationQuery = z.object({
  search: z.string().max(1000).optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
});
const chatBody = z.strictObject({ ...requests.surroundingsBody.shape, request: chatRequestSchema });
const titleBody = z.strictObject({ title: z.string().min(1).max(300) });
const endpointBody = z.strictObject({
  ...requests.surroundingsBody.shape,
  port: z.number().int().min(0).max(65_535),
  keep: z.boolean(),
});

/** Chats, their history, and the endpoint for other programs. */
export function registerChatRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'chat',
    method: 'post',
    path: '/v1/chat',
    summary: 'Asks a model; the answer as a stream of events. Leaving stops the model.',
    body: chatBody,
    answer: answers.chatEvent,
    streams: 'always',
    async carryOut({ body, api, context }) {
      const { surroundings, request } = body;
      const given = requests.exact<ChatRequest>(request);
      const stream = await chatStream(
        signal => api.chat(requests.exact<Surroundings>(surroundings), given, { signal }),
        paceFor(parts, context),
      );
      return context.body(stream, 200, STREAM_HEADERS);
    },
  });
  register(parts, {
    id: 'servedModels',
    method: 'post',
    path: '/v1/models/list',
    summary: 'What the model servers really serve.',
    body: requests.surroundingsBody,
    answer: answers.servedModels,
    carryOut: async ({ body, api }) => ({
      models: await api.servedModels(requests.exact<Surroundings>(body.surroundings)),
    }),
  });
  registerHistory(parts);
  registerEndpoint(parts);
}

function registerHistory(parts: RouteParts): void {
  register(parts, {
    id: 'conversations',
    method: 'get',
    path: '/v1/conversations',
    summary: 'Conversations with models, or those in which something was said.',
    query: conversationQuery,
    answer: answers.conversations,
    carryOut: async ({ query, api }) => ({
      conversations: await api.conversations(requests.exact<{ search?: string; limit?: number }>(query)),
    }),
  });
  register(parts, {
    id: 'conversation',
    method: 'get',
    path: '/v1/conversations/{id}',
    summary: 'One conversation with all that was said.',
    parameters: conversation,
    answer: answers.conversationView,
    carryOut: async ({ parameters, api }) => await api.conversation(parameters.id),
  });
  register(parts, {
    id: 'renameConversation',
    method: 'patch',
    path: '/v1/conversations/{id}',
    summary: 'Gives a conversation a title.',
    parameters: conversation,
    body: titleBody,
    answer: answers.conversation,
    carryOut: async ({ parameters, body, api }) => await api.renameConversation(parameters.id, body.title),
  });
  register(parts, {
    id: 'removeConversation',
    method: 'delete',
    path: '/v1/conversations/{id}',
    summary: 'Forgets a conversation.',
    parameters: conversation,
    answer: answers.nothing,
    carryOut: async ({ parameters, api }) => await api.removeConversation(parameters.id),
  });
}

function registerEndpoint(parts: RouteParts): void {
  register(parts, {
    id: 'endpoint',
    method: 'get',
    path: '/v1/endpoint',
    summary: 'The address under which other programs can ask all models.',
    answer: answers.endpoint,
    carryOut: async ({ api }) => ({ endpoint: await api.endpoint() }),
  });
  register(parts, {
    id: 'openEndpoint',
    method: 'post',
    path: '/v1/endpoint',
    summary: 'Opens it on 127.0.0.1.',
    body: endpointBody,
    answer: answers.endpointView,
    carryOut: async ({ body, api }) =>
      await api.openEndpoint(requests.exact<Surroundings>(body.surroundings), {
        port: body.port,
        keep: body.keep,
      }),
  });
  register(parts, {
    id: 'closeEndpoint',
    method: 'delete',
    path: '/v1/endpoint',
    summary: 'Closes it, and does not open it again by itself.',
    answer: answers.nothing,
    carryOut: async ({ api }) => await api.closeEndpoint(),
  });
}
