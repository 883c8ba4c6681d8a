import type { TaskApi } from '../api/task-api.ts';
import type { ChatEvent, ChatRequest } from '../core/chat.ts';
import type { Surroundings } from '../core/task.ts';
import { showDuration } from '../core/duration.ts';
import { sanitiseText } from '../core/untrusted.ts';
import { oneLine } from './layout.ts';
import type { Style } from './style.ts';
import type { Output } from './terminal.ts';

/** What came of one question. */
export interface ChatAnswer {
  readonly text: string;
  readonly thinking: string;
  readonly began: Extract<ChatEvent, { readonly event: 'began' }> | null;
  readonly done: Extract<ChatEvent, { readonly event: 'done' }> | null;
}

export interface AskOptions {
  readonly tasks: TaskApi;
  readonly surroundings: Surroundings;
  readonly request: ChatRequest;
  readonly signal: AbortSignal;
  readonly onEvent: (event: ChatEvent) => void;
}

/** Asks, and gives the whole when it is there. What was said before a fault went to `onEvent`. */
export async function askModel(options: AskOptions): Promise<ChatAnswer> {
  const { tasks, surroundings, request, signal, onEvent } = options;
  let text = '';
  let thinking = '';
  let began: ChatAnswer['began'] = null;
  let done: ChatAnswer['done'] = null;
  for await (const event of tasks.chat(surroundings, request, { signal })) {
    if (event.event === 'began') began = event;
    else if (event.event === 'text') text += event.text;
    else if (event.event === 'thinking') thinking += event.text;
    else if (event.event === 'done') done = event;
    onEvent(event);
  }
  return { text, thinking, began, done };
}

/** Shows an answer as it comes: the text on `output`, all else beside it. */
export function showAnswer(
  output: Output,
  talk: { readonly say: (text: string) => void; readonly think: (text: string) => void },
): (event: ChatEvent) => void {
  return event => {
    // what a terminal would obey is not the model's to say; a file gets every byte
    if (event.event === 'text') output.write(output.isTerminal ? sanitiseText(event.text) : event.text);
    else if (event.event === 'thinking') talk.think(sanitiseText(event.text));
    else if (event.event === 'note') talk.say(oneLine(event.text));
  };
}

/** `19 tokens, 830 tokens/s, first after 12 ms, web-1/tiny`. */
export function usageLine({ began, done }: ChatAnswer, style: Style): string {
  if (!done) return '';
  const { completionTokens, tokensPerSecond, firstToken, resumed, promptTokens } = done.usage;
  const parts = [
    ...(completionTokens === null ? [] : [`${completionTokens} tokens`]),
    ...(promptTokens === null ? [] : [`prompt ${promptTokens}`]),
    ...(tokensPerSecond === null ? [] : [`${Math.round(tokensPerSecond)} tokens/s`]),
    ...(firstToken === null ? [] : [`first after ${showDuration(firstToken)}`]),
    ...(resumed > 0 ? [`taken up again ${resumed} times`] : []),
    ...(done.finishReason === 'length' ? ['cut at the longest length'] : []),
    ...(began ? [oneLine(began.server)] : []),
  ];
  return style.faint(parts.join(', '));
}
