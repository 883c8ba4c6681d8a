import { at, listAt, numberAt, textAt } from './json.ts';

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
 * while no chunk was added.
 */
export class CollectedAnswer {
  readonly #choices = new Map<number, Collected>();
  #head: unknown = null;
  #usage: unknown;
  #timings: unknown;

  add(chunk: unknown): void {
    this.#head ??= chunk;
    this.#usage = at(chunk, 'usage') ?? this.#usage;
    this.#timings = at(chunk, 'timings') ?? this.#timings;
    for (const part of listAt(chunk, 'choices')) this.#addChoice(part);
  }

  #addChoice(part: unknown): void {
    const index = numberAt(part, 'index') ?? 0;
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
    choice.text = joined(choice.text, textAt(part, 'text'));
    choice.content = joined(choice.content, textAt(part, 'delta', 'content'));
    choice.reasoning = joined(choice.reasoning, textAt(part, 'delta', 'reasoning_content'));
    for (const call of listAt(part, 'delta', 'tool_calls')) {
      const place = numberAt(call, 'index') ?? 0;
      const tool = choice.tools.get(place) ?? { id: '', name: '', arguments: '' };
      choice.tools.set(place, tool);
      tool.id = textAt(call, 'id') ?? tool.id;
      tool.name += textAt(call, 'function', 'name') ?? '';
      tool.arguments += textAt(call, 'function', 'arguments') ?? '';
    }
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

function joined(before: string | null, more: string | null): string | null {
  return more === null ? before : (before ?? '') + more;
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
