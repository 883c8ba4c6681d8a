import type { Conversation, EndpointView, KeptMessage, ServedModelView } from '../../core/chat.ts';
import { z } from '../../core/schema.ts';

/** What the routes about chats answer, for the description. */

const count = z.number().nullable();
const time = z.number();
const usage = z.object({
  promptTokens: count,
  cachedTokens: count,
  completionTokens: count,
  tokensPerSecond: count,
  firstToken: count,
  duration: z.number(),
  resumed: z.number(),
});
const conversation = z.object({
  id: z.string(),
  title: z.string(),
  model: z.string().nullable(),
  createdAt: time,
  changedAt: time,
  messages: z.number(),
}) satisfies z.ZodType<Conversation>;
const message = z.object({
  number: z.number(),
  time,
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string(),
  model: z.string().optional(),
  finishReason: z.string().optional(),
  usage: usage.optional(),
}) as unknown as z.ZodType<KeptMessage>;
const servedModel = z.object({
  model: z.string().nullable(),
  server: z.string(),
  kind: z.enum(['deployment', 'tunnel', 'address']),
  context: count,
  tokensPerSecond: count,
  slots: count,
  running: z.number(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
}) as unknown as z.ZodType<ServedModelView>;
const endpointView = z.object({
  url: z.string(),
  tokenFile: z.string(),
  kept: z.boolean(),
  requests: z.number(),
  running: z.number(),
  waiting: z.number(),
}) satisfies z.ZodType<EndpointView>;

export const chatAnswers = {
  chatEvent: z
    .looseObject({ event: z.enum(['began', 'text', 'thinking', 'note', 'done']) })
    .describe(
      'Each message named `chat`: what happens while the model answers. `done` or `error` is the last.',
    ),
  servedModels: z.object({ models: z.array(servedModel) }),
  conversation,
  conversations: z.object({ conversations: z.array(conversation) }),
  conversationView: z.object({ conversation, messages: z.array(message) }),
  endpoint: z.object({ endpoint: endpointView.nullable() }),
  endpointView,
};
