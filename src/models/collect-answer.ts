import { DeckhandError } from '../core/deckhand-error.ts';
import { at, listAt, numberAt, textAt } from './json.ts';

/** Characters of all that one answer is made of. */
const LONGEST_ANSWER = 32 * 1024 * 1024;
/** What a choice or a call of a tool counts besides its text. */
const ENTRY = 100;

interface Collected {
  role: string;
  text: string | null;
  content: string | null;
  reasoning: string | null;
  finishReason: string | null;
  readonly tools: Map<number, { id: string; name: string; arguments: string }>;
}

/**
 * The chunks of a streamed answer as the one answer that a caller wants who did not ask for a stream. `null`
 * while no chunk was added. Throws `chat.malformed` when it is longer than `limit` characters.
 */
export class CollectedAnswer {
  readonly #choices = new Map<number, Collected>();
  #head: unknown = null;
  #usage: unknown;
  #timings: unknown;
  #length = 0;
  readonly #limit: number;

  constructor(limit = LONGEST_ANSWER) {
    this.#limit = limit;
  }

  add(chunk: unknown): void {
    this.#head ??= chunk;
    this.#usage = at(chunk, 'usage') ?? this.#usage;
    this.#timings = at(chunk, 'timings') ?? this.#timings;
    for (const part of listAt(chunk, 'choices')) this.#addChoice(part);
  }

  #addChoice(part: unknown): void {
    const index = numberAt(part, 'index') ?? 0;
    if (!this.#choices.has(index)) this.#grow(ENTRY);
    const choice = this.#choices.get(index) ?? {
      role: 'assistant',
      text: null,
      content: null,
      reasoning: null,
      finishReason: null,
      tools: new Map(),
    };
    this.#choices.set(index, choice);
    choice.finishReason = textAt(part, 'finish_reason') ?? choice.finishReason;
    choice.role = textAt(part, 'delta', 'role') ?? choice.role;
    choice.text = this.#joined(choice.text, textAt(part, 'text'));
    choice.content = this.#joined(choice.content, textAt(part, 'delta', 'content'));
    choice.reasoning = this.#joined(choice.reasoning, textAt(part, 'delta', 'reasoning_content'));
    for (const call of listAt(part, 'delta', 'tool_calls')) {
      const place = numberAt(call, 'index') ?? 0;
      if (!choice.tools.has(place)) this.#grow(ENTRY);
      const tool = choice.tools.get(place) ?? { id: '', name: '', arguments: '' };
      choice.tools.set(place, tool);
      tool.id = textAt(call, 'id') ?? tool.id;
      tool.name = this.#joined(tool.name, textAt(call, 'function', 'name')) ?? '';
      tool.arguments = this.#joined(tool.arguments, textAt(call, 'function', 'arguments')) ?? '';
    }
  }

  #joined(before: string | null, more: string | null): string | null {
    if (more === null) return before;
    this.#grow(more.length);
    return (before ?? '') + more;
  }

  #grow(by: number): void {
    this.#length += by;
    if (this.#length <= this.#limit) return;
    throw new DeckhandError('chat.malformed', `The answer is longer than ${this.#limit} characters.`);
  }

  /** In the shape of the path that was asked: chats, or plain completions. */
  whole(): Record<string, unknown> | null {
    if (this.#head === null) return null;
    const head = this.#head as Record<string, unknown>;
    const isChat = [...this.#choices.values()].every(({ text }) => text === null);
    const choices = [...this.#choices].sort(([a], [b]) => a - b);
    return {
      ...head,
      object: isChat ? 'chat.completion' : 'text_completion',
      choices: choices.map(([index, choice]) => (isChat ? asChat(index, choice) : asText(index, choice))),
      ...(this.#usage === undefined || this.#usage === null ? {} : { usage: this.#usage }),
      ...(this.#timings === undefined ? {} : { timings: this.#timings }),
    };
  }
}

function asChat(index: number, { role, content, reasoning, finishReason, tools }: Collected): object {
  const calls = [...tools]
    .sort(([a], [b]) => a - b)
    .map(([, { id, name, arguments: given }]) => ({
      id,
      type: 'function',
      function: { name, arguments: given },
    }));
  return {
    index,
    message: {
      role,
      content: content ?? (calls.length > 0 ? null : ''),
      ...(reasoning === null ? {} : { reasoning_content: reasoning }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    finish_reason: finishReason,
  };
}

function asText(index: number, { text, finishReason }: Collected): object {
  return { index, text: text ?? '', logprobs: null, finish_reason: finishReason };
}
