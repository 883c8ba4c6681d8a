import { buildCommand } from '@stricli/core';
import type { TaskApi } from '../../api/task-api.ts';
import type { ChatMessage, ChatRequest } from '../../core/chat.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { askModel, showAnswer, usageLine } from '../chat-answer.ts';
import { chatAliases, chatFlags, type ChatFlags, parametersOf, reachOf } from '../chat-flags.ts';
import { ChatTalk } from '../chat-talk.ts';
import type { CliContext } from '../context.ts';
import { jsonLine } from '../json-output.ts';
import { type TaskSession, withTasks } from '../task-session.ts';

/** `deckhand chat [MODEL] [QUESTION…]`. */
export const chatAskCommand = buildCommand<ChatFlags, string[], CliContext>({
  docs: {
    brief: 'Ask a model, or talk with it; `ask` may be left out',
    fullDescription: `With a question: the answer, and nothing else, on stdout. Without one: a conversation, line by line; /help says what else can be typed. A question may come on stdin, and the word - stands for what comes there. Without a model: the only one there is. A GGUF file in the place of a model is served by this machine.

Ctrl-C stops the model, not only the output.

Example:
  deckhand chat ask tiny "hi"
  deckhand chat tiny
  deckhand chat ./tiny.gguf "hi"
  deckhand chat -m gpu-1/tiny "why is the sky blue?" --temperature 0
  git diff | deckhand chat tiny "what does this change?" -
  deckhand chat --continue last "and then?"`,
  },
  parameters: {
    flags: chatFlags,
    aliases: chatAliases,
    positional: {
      kind: 'array',
      parameter: {
        parse: String,
        brief: 'The model (without -m and --continue), then the question',
        placeholder: 'WORD',
      },
    },
  },
  async func(flags, ...words) {
    await withTasks(this, flags, async session => {
      const { terminal } = session;
      const parameters = parametersOf(flags);
      const [first, ...rest] = words;
      // a conversation that goes on knows its model
      const namesModel = flags.model === undefined && flags.continue === undefined;
      const named = namesModel ? first : flags.model;
      const model = await modelBehind(session, flags, named);
      const typed = namesModel ? rest : words;
      const before = await earlier(session.tasks, flags);
      const conversation = flags.forget ? null : (before.id ?? 'new');
      const about = { model: model ?? before.model, system: flags.system, preset: flags.preset, parameters };
      if (typed.length === 0 && terminal.openLines !== null && !flags.json && !flags.jsonl) {
        using lines = await terminal.openLines();
        const talk = new ChatTalk({
          ...about,
          tasks: session.tasks,
          surroundings: reachOf(flags, terminal),
          lines,
          stdout: terminal.stdout,
          say: session.say,
          style: session.talkStyle,
          signal: session.signal,
          before: before.messages,
          conversation,
        });
        session.say('/help for what can be typed, Ctrl-D to leave');
        await talk.run();
        return 0;
      }
      const question = await questionOf(session, typed);
      const request: ChatRequest = {
        messages: [
          ...(flags.system ? [{ role: 'system', content: flags.system } as const] : []),
          ...before.messages.filter(({ role }) => role !== 'system'),
          { role: 'user', content: question },
        ],
        parameters,
        ...(about.model === undefined ? {} : { model: about.model }),
        ...(flags.preset === undefined ? {} : { preset: flags.preset }),
        ...(conversation === null ? {} : { conversation }),
      };
      await answer(session, flags, request);
      return 0;
    });
  },
});

/** A model's name; a file in its place is served by this machine first. */
async function modelBehind(
  { tasks, terminal, signal, say }: TaskSession,
  flags: ChatFlags,
  named: string | undefined,
): Promise<string | undefined> {
  if (named === undefined || !/\.gguf$/i.test(named)) return named;
  const { modelOfFile } = await import('../model-of-file.ts');
  return await modelOfFile({ tasks, signal, say, surroundings: reachOf(flags, terminal) }, named);
}

/** Words, and what comes on stdin: only when it was asked for, as it may never end. Throws `input.invalid`. */
async function questionOf({ terminal }: TaskSession, words: readonly string[]): Promise<string> {
  const isWanted = words.length === 0 || words.includes('-');
  const typed = words.filter(word => word !== '-').join(' ');
  const piped = isWanted ? Buffer.from(await terminal.readStdin()).toString('utf8') : '';
  const question = [typed, piped].filter(part => part.trim() !== '').join('\n\n');
  if (question !== '') return question;
  throw new DeckhandError('input.invalid', 'There is no question: write it after the model, or on stdin.');
}

async function answer(session: TaskSession, flags: ChatFlags, request: ChatRequest): Promise<void> {
  const { terminal, tasks, signal, say, talkStyle } = session;
  const quiet = flags.json || flags.jsonl;
  const show = showAnswer(terminal.stdout, { say, think: () => {} });
  const whole = await askModel({
    tasks,
    surroundings: reachOf(flags, terminal),
    request,
    signal,
    onEvent: event => {
      if (flags.jsonl) terminal.stdout.write(jsonLine(event));
      else if (!flags.json) show(event);
    },
  });
  const { text, thinking, began, done } = whole;
  const body = {
    answer: text,
    ...(thinking === '' ? {} : { thinking }),
    model: began?.model ?? null,
    server: began?.server ?? null,
    conversation: began?.conversation ?? null,
    finishReason: done?.finishReason ?? null,
    usage: done?.usage ?? null,
  };
  session.result(body, () => '\n');
  if (!quiet && terminal.stderr.isTerminal) say(usageLine(whole, talkStyle));
}

/** The conversation that is gone on with. Throws `chat.unknown-conversation`. */
async function earlier(
  tasks: TaskApi,
  flags: ChatFlags,
): Promise<{
  readonly id: string | null;
  readonly model: string | undefined;
  readonly messages: readonly ChatMessage[];
}> {
  const { continue: wanted } = flags;
  if (wanted === undefined) return { id: null, model: undefined, messages: [] };
  const id = wanted === 'last' ? (await tasks.conversations({ limit: 1 }))[0]?.id : wanted;
  if (id === undefined)
    throw new DeckhandError('chat.unknown-conversation', 'There is no conversation to go on with.');
  const { conversation, messages } = await tasks.conversation(id);
  const said = messages.map(({ role, content }) => ({ role, content }));
  return { id, model: conversation.model ?? undefined, messages: said };
}
