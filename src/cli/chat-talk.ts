import type { TaskApi } from '../api/task-api.ts';
import type { ChatMessage, ChatParameters, ChatRequest } from '../core/chat.ts';
import { toDeckhandError } from '../core/deckhand-error.ts';
import type { Surroundings } from '../core/task.ts';
import { askModel, showAnswer, usageLine } from './chat-answer.ts';
import { renderError } from './error-output.ts';
import { oneLine } from './layout.ts';
import type { PersonLines } from './person-lines.ts';
import { renderServedModels } from './render-chats.ts';
import type { Style } from './style.ts';
import type { Output } from './terminal.ts';

export interface TalkOptions {
  readonly tasks: TaskApi;
  readonly surroundings: Surroundings;
  readonly lines: PersonLines;
  readonly stdout: Output;
  readonly say: (text: string) => void;
  readonly style: Style;
  readonly signal: AbortSignal;
  readonly model: string | undefined;
  readonly system: string | undefined;
  readonly preset: string | undefined;
  readonly parameters: ChatParameters;
  /** Of a conversation that is gone on with. */
  readonly before: readonly ChatMessage[];
  /** Null: nothing is kept. */
  readonly conversation: string | null;
}

const HELP = `  /model [NAME]    use another model; without a name: which there are
  /system [TEXT]   another system prompt; without a text: none
  /retry           ask the last question again
  /save [TITLE]    give the conversation a title, and say how to come back
  /new             begin a new conversation
  /quit            leave (Ctrl-D too)
  Ctrl-C stops the answer; without one it leaves.`;

/** A conversation at a terminal: line by line, until the person leaves. */
export class ChatTalk {
  readonly #options: TalkOptions;
  #model: string | undefined;
  #system: string | undefined;
  #messages: ChatMessage[];
  #conversation: string | null;
  #answering: AbortController | null = null;
  #left = false;

  constructor(options: TalkOptions) {
    this.#options = options;
    this.#model = options.model;
    this.#system = options.system;
    this.#messages = options.before.filter(({ role }) => role !== 'system');
    this.#conversation = options.conversation;
  }

  async run(): Promise<void> {
    const { lines, signal, style } = this.#options;
    lines.onInterrupt = () => {
      if (this.#answering) this.#answering.abort(new Error('stopped'));
      else this.#leave();
    };
    signal.addEventListener('abort', () => this.#leave(), { once: true });
    while (!this.#left) {
      const line = await lines.next(style.strong('> '));
      if (line === null || this.#left) return;
      const text = line.trim();
      if (text === '') continue;
      if (text.startsWith('/')) await this.#command(text);
      else await this.#ask([...this.#messages, { role: 'user', content: line }]);
    }
  }

  #leave(): void {
    this.#left = true;
    this.#answering?.abort(new Error('left'));
    this.#options.lines[Symbol.dispose]();
  }

  async #command(text: string): Promise<void> {
    const { say } = this.#options;
    const [word = '', ...rest] = text.slice(1).split(/\s+/);
    const given = rest.join(' ');
    switch (word) {
      case 'quit':
      case 'exit':
        return this.#leave();
      case 'model':
        if (given === '') return await this.#models();
        this.#model = given;
        return say(`the model is ${oneLine(given)}`);
      case 'system':
        this.#system = given;
        return say(given === '' ? 'no system prompt' : 'the system prompt is set');
      case 'retry':
        return await this.#retry();
      case 'new':
        this.#messages = [];
        this.#conversation = this.#conversation === null ? null : 'new';
        return say('a new conversation');
      case 'save':
        return await this.#save(given);
      case 'help':
        return say(HELP);
      default:
        return say(`there is no /${oneLine(word)}; /help lists what there is`);
    }
  }

  async #models(): Promise<void> {
    const { tasks, surroundings, say, style } = this.#options;
    await this.#guarded(async () =>
      say(renderServedModels(await tasks.servedModels(surroundings), style).trimEnd()),
    );
  }

  async #retry(): Promise<void> {
    const last = this.#messages.findLastIndex(({ role }) => role === 'user');
    if (last === -1) return this.#options.say('nothing was asked yet');
    await this.#ask(this.#messages.slice(0, last + 1));
  }

  async #save(title: string): Promise<void> {
    const { tasks, say } = this.#options;
    const id = this.#conversation;
    if (id === null || id === 'new')
      return say(id === null ? 'nothing is kept (--forget)' : 'nothing was said yet');
    await this.#guarded(async () => {
      if (title !== '') await tasks.renameConversation(id, title);
      say(`kept; come back with: deckhand chat --continue ${id}`);
    });
  }

  async #ask(messages: readonly ChatMessage[]): Promise<void> {
    const { tasks, surroundings, stdout, say, style, preset, parameters } = this.#options;
    const stop = new AbortController();
    this.#answering = stop;
    const system = this.#system;
    const request: ChatRequest = {
      messages:
        system === undefined || system === ''
          ? [...messages]
          : [{ role: 'system', content: system }, ...messages],
      parameters,
      ...(this.#model === undefined ? {} : { model: this.#model }),
      ...(preset === undefined ? {} : { preset }),
      ...(this.#conversation === null ? {} : { conversation: this.#conversation }),
    };
    let text = '';
    const show = showAnswer(stdout, { say, think: thought => stdout.write(style.faint(thought)) });
    try {
      this.#messages = [...messages];
      const answer = await askModel({
        tasks,
        surroundings,
        request,
        signal: stop.signal,
        onEvent: event => {
          if (event.event === 'began') {
            this.#conversation = event.conversation;
            this.#model ??= event.model;
          }
          if (event.event === 'text') text += event.text;
          show(event);
        },
      });
      stdout.write('\n');
      say(usageLine(answer, style));
    } catch (thrown) {
      stdout.write('\n');
      if (stop.signal.aborted) say('stopped');
      else say(renderError(toDeckhandError(thrown).toJSON(), style).trimEnd());
    } finally {
      this.#answering = null;
      if (text !== '') this.#messages = [...messages, { role: 'assistant', content: text }];
    }
  }

  async #guarded(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      this.#options.say(renderError(toDeckhandError(thrown).toJSON(), this.#options.style).trimEnd());
    }
  }
}
