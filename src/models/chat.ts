import type { ChatEvent, ChatMessage, ChatParameters, ChatUsage } from '../core/chat.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { chatBody } from './chat-body.ts';
import { notJson } from './chat-fault.ts';
import type { ModelDoor } from './door.ts';
import { type StreamLimits, streamMessages } from './event-stream.ts';
import { at, numberAt, parseJson, textAt } from './json.ts';

export interface ChatCall {
  /** As the server knows it. */
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly parameters: ChatParameters;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly limits?: Partial<StreamLimits>;
}

/** What an answer is made of; `began` is for whoever knows which server it is. */
export type AnswerEvent = Exclude<ChatEvent, { readonly event: 'began' }>;

const CHAT = '/v1/chat/completions';

/**
 * The answer of a model as it comes. Ends with `done`, or throws: `chat.*`, `engine.*`, `tunnel.*`. When the
 * signal aborts, or the reader leaves, the server stops working on it.
 */
export async function* chat(door: ModelDoor, call: ChatCall): AsyncGenerator<AnswerEvent> {
  const { clock, signal, limits } = call;
  const begun = clock.monotonic();
  const answer = new AnswerCount(begun);
  const notes: AnswerEvent[] = [];
  const left = new AbortController();
  let noted = Promise.withResolvers<null>();
  const messages = streamMessages(door, {
    path: CHAT,
    body: JSON.stringify(chatBody(call)),
    signal: AbortSignal.any([signal, left.signal]),
    clock,
    ...(limits && { limits }),
    onInterruption(what, why) {
      if (what === 'resumed') return void (answer.resumed += 1);
      notes.push({
        event: 'note',
        text: `interrupted (${why}); the answer goes on when the server is back`,
      });
      noted.resolve(null);
    },
  });
  try {
    let next = messages.next();
    for (;;) {
      const got = await Promise.race([next, noted.promise]);
      noted = Promise.withResolvers();
      yield* notes.splice(0);
      if (got === null) continue;
      if (got.done === true) break;
      const json = parseJson(got.value);
      if (json === undefined) throw notJson(door.name, got.value);
      yield* answer.take(json, clock.monotonic());
      next = messages.next();
    }
  } finally {
    // a reader who leaves at a note does not wait for the message that is waited for
    left.abort(new DeckhandError('command.cancelled', `${door.name}: the answer was left.`));
    await messages.return(undefined).catch(() => {});
  }
  yield { event: 'done', finishReason: answer.finishReason, usage: answer.usage(clock.monotonic()) };
}

/** Takes the chunks of an answer apart and counts what they tell. */
class AnswerCount {
  finishReason: string | null = null;
  resumed = 0;
  readonly #begun: number;
  #firstAt: number | null = null;
  #usage: unknown;
  #timings: unknown;

  constructor(begun: number) {
    this.#begun = begun;
  }

  *take(json: unknown, now: number): Generator<AnswerEvent> {
    this.#usage = at(json, 'usage') ?? this.#usage;
    this.#timings = at(json, 'timings') ?? this.#timings;
    const choice = at(json, 'choices', 0);
    this.finishReason = textAt(choice, 'finish_reason') ?? this.finishReason;
    const thinking = textAt(choice, 'delta', 'reasoning_content') ?? textAt(choice, 'delta', 'reasoning');
    const text = textAt(choice, 'delta', 'content');
    if (thinking || text) this.#firstAt ??= now;
    if (thinking) yield { event: 'thinking', text: thinking };
    if (text) yield { event: 'text', text };
  }

  /** The server's own numbers; its speed too where it tells it. */
  usage(now: number): ChatUsage {
    const completionTokens =
      numberAt(this.#usage, 'completion_tokens') ?? numberAt(this.#timings, 'predicted_n');
    const speaking = this.#firstAt === null ? 0 : now - this.#firstAt;
    const measured =
      completionTokens !== null && completionTokens > 1 && speaking > 0
        ? ((completionTokens - 1) / speaking) * 1000
        : null;
    return {
      promptTokens: numberAt(this.#usage, 'prompt_tokens') ?? numberAt(this.#timings, 'prompt_n'),
      cachedTokens:
        numberAt(this.#usage, 'prompt_tokens_details', 'cached_tokens') ?? numberAt(this.#timings, 'cache_n'),
      completionTokens,
      tokensPerSecond: numberAt(this.#timings, 'predicted_per_second') ?? measured,
      firstToken: this.#firstAt === null ? null : Math.round(this.#firstAt - this.#begun),
      duration: Math.round(now - this.#begun),
      resumed: this.resumed,
    };
  }
}
