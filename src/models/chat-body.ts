import type { ChatMessage, ChatParameters } from '../core/chat.ts';

/** What is sent for a question: only what was given, so that zero stays zero and the rest is the server's. */
export function chatBody(question: {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly parameters: ChatParameters;
}): Record<string, unknown> {
  const { temperature, topP, maxTokens, seed, stop, presencePenalty, frequencyPenalty, schema, extra } =
    question.parameters;
  const body: Record<string, unknown> = {
    model: question.model,
    messages: question.messages,
    temperature,
    top_p: topP,
    max_tokens: maxTokens,
    seed,
    stop,
    presence_penalty: presencePenalty,
    frequency_penalty: frequencyPenalty,
    response_format: schema && {
      type: 'json_schema',
      json_schema: { name: 'answer', strict: true, schema },
    },
    stream: true,
    stream_options: { include_usage: true },
  };
  return { ...extra, ...Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) };
}
