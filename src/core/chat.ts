import type { ErrorRecord } from './deckhand-error.ts';
import { z } from './schema.ts';

/** The words of chats with models. Durations in milliseconds, times in milliseconds since the epoch. */

const LONGEST_TEXT = 1_000_000;
const MOST_MESSAGES = 10_000;

const text = z.string().max(LONGEST_TEXT, `longer than ${LONGEST_TEXT} characters`);

/** One message. What a model said may be empty; what is said to it may not. */
export const chatMessageSchema = z
  .strictObject({ role: z.enum(['system', 'user', 'assistant']), content: text })
  .refine(({ role, content }) => role === 'assistant' || content.trim() !== '', {
    path: ['content'],
    message: 'is empty',
  });
export type ChatMessage = z.infer<typeof chatMessageSchema>;

/** How the model answers; what is absent is the server's to decide. Zero and the empty text are values. */
export const chatParametersSchema = z.strictObject({
  temperature: z.number().min(0).max(5).optional(),
  topP: z.number().min(0).max(1).optional(),
  /** Tokens of the answer. */
  maxTokens: z.number().int().min(1).max(10_000_000).optional(),
  seed: z.number().int().min(0).max(4_294_967_295).optional(),
  stop: z.array(z.string().min(1).max(1000)).max(16).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  /** The answer is JSON of this schema. */
  schema: z.record(z.string(), z.unknown()).optional(),
  /** Sent as they are, under the server's own names: `{ "top_k": 40 }`. What is named above wins. */
  extra: z.record(z.string().min(1).max(100), z.unknown()).optional(),
});
export type ChatParameters = z.infer<typeof chatParametersSchema>;

export const modelName = z.string().min(1).max(300);

/** A question to a model. The last message must be the person's, or the beginning of an answer to go on with. */
export const chatRequestSchema = z.strictObject({
  /** Absent: the only one there is. */
  model: modelName.optional(),
  messages: z.array(chatMessageSchema).min(1, 'is empty').max(MOST_MESSAGES),
  parameters: chatParametersSchema.default({}),
  /** Of the settings: its system prompt and parameters, where the request has none of its own. */
  preset: z.string().min(1).max(100).optional(),
  /** The conversation that question and answer are added to; `new`: one is begun; absent: nothing is kept. */
  conversation: z.string().min(1).max(100).optional(),
});
export type ChatRequest = z.infer<typeof chatRequestSchema>;

/** What an answer took. Tokens: as the server counted them; null where it does not say. */
export interface ChatUsage {
  readonly promptTokens: number | null;
  /** Of the prompt, what the server had read before. */
  readonly cachedTokens: number | null;
  readonly completionTokens: number | null;
  readonly tokensPerSecond: number | null;
  /** From the request to the first text, and to the end. */
  readonly firstToken: number | null;
  readonly duration: number;
  /** Interruptions of the network that the answer went on through. */
  readonly resumed: number;
}

/** `length`: the longest answer or the end of the context was reached. Others are the server's own words. */
export type FinishReason = string;

/** What happens while a model answers. */
export type ChatEvent =
  | {
      readonly event: 'began';
      readonly model: string;
      readonly server: string;
      readonly conversation: string | null;
    }
  | { readonly event: 'text'; readonly text: string }
  /** What the model thinks before it answers. */
  | { readonly event: 'thinking'; readonly text: string }
  /** Of the way there: held up, taken up again. */
  | { readonly event: 'note'; readonly text: string }
  | { readonly event: 'done'; readonly finishReason: FinishReason | null; readonly usage: ChatUsage };

/** A message as it is kept. */
export interface KeptMessage extends ChatMessage {
  /** From 1, within its conversation. */
  readonly number: number;
  readonly time: number;
  /** Of answers. */
  readonly model?: string;
  readonly usage?: ChatUsage;
  /** Of answers: why it ended; `cancelled` and codes of errors where it did not end well. */
  readonly finishReason?: FinishReason;
}

/** A message before it is kept. */
export type NewMessage = Omit<KeptMessage, 'number' | 'time'>;

export interface Conversation {
  readonly id: string;
  /** The beginning of the first question, or what a person called it. */
  readonly title: string;
  readonly model: string | null;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly messages: number;
}

/** A model as a server serves it. */
export interface ServedModelView {
  /** Null: what the server serves is not known, see `error`. */
  readonly model: string | null;
  /** `gpu-1/tiny` for what was deployed, else the name it was given. */
  readonly server: string;
  readonly kind: 'deployment' | 'tunnel' | 'address';
  /** Tokens; null where it does not say. */
  readonly context: number | null;
  /** Of its answers since it was started, by its own count; null where it does not say. */
  readonly tokensPerSecond: number | null;
  /** Requests it works on at once, and now for us. */
  readonly slots: number | null;
  readonly running: number;
  readonly error: ErrorRecord | null;
}

/** The one address under which all models can be asked. */
export interface EndpointView {
  /** `http://127.0.0.1:8790/v1`. */
  readonly url: string;
  /** Holds the token that every request needs; 0600. */
  readonly tokenFile: string;
  /** True: it is opened again with the daemon. */
  readonly kept: boolean;
  readonly requests: number;
  readonly running: number;
  readonly waiting: number;
}
