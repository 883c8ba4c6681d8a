import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { field, textField } from './adapters/json-fields.ts';
import { isKeyRefused } from './adapters/openai-compatible.ts';
import { parseJson } from '../models/json.ts';
import type { AskEngine } from './engine.ts';

export interface Generation {
  readonly text: string;
  readonly finishReason: string | null;
}

/**
 * One short answer of a model, to see that it gives one. Always as a stream: an engine may not notice that
 * a client left which waits for the whole. Throws `engine.key-rejected`, `engine.failed`.
 */
export async function generate(
  { http, key, signal }: AskEngine,
  path: string,
  { model, tokens }: { readonly model: string; readonly tokens: number },
): Promise<Generation> {
  const answer = await http({
    method: 'POST',
    path,
    key,
    signal,
    body: {
      model,
      messages: [{ role: 'user', content: 'hi' }],
      temperature: 0,
      max_tokens: tokens,
      stream: true,
    },
  });
  if (isKeyRefused(answer.status))
    throw new DeckhandError('engine.key-rejected', `The engine answered ${answer.status} to the key.`);
  if (answer.status !== 200)
    throw new DeckhandError(
      'engine.failed',
      `A chat was answered with ${answer.status}: ${textField(answer.json, 'error', 'message') ?? 'no reason given'}.`,
    );
  const events = [...answer.text.matchAll(/^data: (.*)$/gm)].map(match => match[1] ?? '');
  if (!events.includes('[DONE]'))
    throw new DeckhandError('engine.failed', 'The stream of a chat ended before its end.');
  let text = '';
  let finishReason: string | null = null;
  for (const event of events) {
    const json = parseJson(event);
    const piece = field(json, 'choices', 0, 'delta', 'content');
    if (typeof piece === 'string') text += piece;
    finishReason = textField(json, 'choices', 0, 'finish_reason') ?? finishReason;
  }
  return { text: sanitiseText(text), finishReason };
}
