import { describe, expect, it } from 'vitest';
import type { TaskApi } from '../api/task-api.ts';
import type { ChatEvent, ChatRequest } from '../core/chat.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { ChatTalk, type TalkOptions } from './chat-talk.ts';
import type { PersonLines } from './person-lines.ts';
import { runScripted } from './scripted-surroundings.ts';
import { makeStyle } from './style.ts';

const usage = {
  promptTokens: 22,
  cachedTokens: 0,
  completionTokens: 19,
  tokensPerSecond: 100,
  firstToken: 5,
  duration: 20,
  resumed: 0,
};

/** A model that says the same always, and what it was asked. */
function model(
  said: readonly string[],
  fault?: DeckhandError,
): { asked: ChatRequest[]; tasks: Partial<TaskApi> } {
  const asked: ChatRequest[] = [];
  async function* chat(_: unknown, request: ChatRequest): AsyncGenerator<ChatEvent> {
    asked.push(request);
    yield {
      event: 'began',
      model: 'tiny',
      server: 'web-1/tiny',
      conversation: request.conversation ? 'chat-1' : null,
    };
    for (const text of said) yield await Promise.resolve({ event: 'text', text });
    if (fault) throw fault;
    yield { event: 'done', finishReason: 'stop', usage };
  }
  return { asked, tasks: { chat } };
}

describe('deckhand chat with a question', () => {
  it('prints the answer and nothing else', async () => {
    const { asked, tasks } = model(['Ahoy', '!']);
    const { exitCode, stdout, stderr } = await runScripted(['chat', 'tiny', 'hi', 'there'], { tasks });
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: 'Ahoy!\n', stderr: '' });
    expect(asked).toEqual([
      {
        model: 'tiny',
        messages: [{ role: 'user', content: 'hi there' }],
        parameters: {},
        conversation: 'new',
      },
    ]);
  });

  it('sends what the flags say, zero too, and keeps nothing when told so (T12 L30)', async () => {
    const { asked, tasks } = model(['x']);
    const flags = ['--temperature', '0', '--seed', '0', '--system', 'be kind', '--preset', 'p', '--forget'];
    await runScripted(['chat', '-m', 'tiny', 'hi', ...flags], { tasks });
    expect(asked).toEqual([
      {
        model: 'tiny',
        messages: [
          { role: 'system', content: 'be kind' },
          { role: 'user', content: 'hi' },
        ],
        parameters: { temperature: 0, seed: 0 },
        preset: 'p',
      },
    ]);
  });

  it('takes the question from stdin only when told to', async () => {
    const { asked, tasks } = model(['x']);
    const stdin = Buffer.from('a diff\n');
    await runScripted(['chat', 'tiny', 'what is', '-'], { tasks, stdin });
    await runScripted(['chat', 'tiny'], { tasks, stdin });
    await runScripted(['chat', 'tiny', 'hi'], { tasks, stdin });
    expect(asked.map(({ messages }) => messages[0]?.content)).toEqual([
      'what is\n\na diff\n',
      'a diff\n',
      'hi',
    ]);
    expect((await runScripted(['chat', 'tiny'], { tasks })).exitCode).toBe(2);
  });

  it('goes on with a conversation and its model', async () => {
    const { asked, tasks } = model(['x']);
    const conversation = { id: 'chat-9', title: 't', model: 'big', createdAt: 0, changedAt: 0, messages: 1 };
    const script = {
      ...tasks,
      conversations: async () => await Promise.resolve([conversation]),
      conversation: async () =>
        await Promise.resolve({
          conversation,
          messages: [{ number: 1, time: 0, role: 'user', content: 'a' } as const],
        }),
    };
    await runScripted(['chat', '--continue', 'last', 'b'], { tasks: script });
    expect(asked[0]).toMatchObject({
      model: 'big',
      conversation: 'chat-9',
      messages: [{ content: 'a' }, { content: 'b' }],
    });
  });

  it('shows on a terminal nothing that it would obey, and gives a file every byte', async () => {
    const { tasks } = model(['\u001b]0;title\u0007a\u001b[2J', '\u001b', '[31mred']);
    expect((await runScripted(['chat', 'tiny', 'hi'], { tasks, terminal: true })).stdout).toBe('a�[31mred\n');
    expect((await runScripted(['chat', 'tiny', 'hi'], { tasks })).stdout).toContain('\u001b[31mred');
  });

  it('ends with what went wrong after what was said', async () => {
    const { tasks } = model(['half'], new DeckhandError('chat.cut', 'It broke off.'));
    const run = await runScripted(['chat', 'tiny', 'hi'], { tasks });
    expect(run).toMatchObject({ exitCode: 1, stdout: 'half' });
    expect(run.stderr).toContain('error chat.cut: It broke off.');
    const told = JSON.parse(
      (await runScripted(['chat', 'tiny', 'hi', '--json'], { tasks })).stdout,
    ) as object;
    expect(told).toMatchObject({ error: { code: 'chat.cut' } });
  });
});

/** Lines as a person types them; a function is done in place of a line. */
function typed(steps: (string | null | (() => void))[]): PersonLines {
  return {
    async next() {
      for (;;) {
        const step = steps.shift();
        if (typeof step !== 'function') return await Promise.resolve(step ?? null);
        step();
      }
    },
    onInterrupt: () => {},
    [Symbol.dispose]: () => void steps.splice(0),
  };
}

async function talk(
  lines: PersonLines,
  tasks: Partial<TaskApi>,
  part: Partial<TalkOptions> = {},
): Promise<{ readonly out: string; readonly said: string }> {
  let out = '';
  let said = '';
  const stdout = {
    isTerminal: true,
    columns: () => 80,
    rows: () => 24,
    write: (data: string | Uint8Array) => void (out += String(data)),
  };
  await new ChatTalk({
    tasks: tasks as TaskApi,
    surroundings: { folder: '/w', overrides: {} },
    lines,
    stdout,
    say: text => void (said += `${text}\n`),
    style: makeStyle(false),
    signal: new AbortController().signal,
    model: undefined,
    system: undefined,
    preset: undefined,
    parameters: {},
    before: [],
    conversation: 'new',
    ...part,
  }).run();
  return { out, said };
}

describe('a conversation', () => {
  it('asks with all that was said, in one history', async () => {
    const { asked, tasks } = model(['Ahoy']);
    const { out } = await talk(
      typed(['hi', '', 'and?', '/system be kind', '/retry', '/new', 'x', '/quit', 'never']),
      tasks,
    );
    expect(out).toBe('Ahoy\nAhoy\nAhoy\nAhoy\n');
    const texts = asked.map(({ messages }) => messages.map(({ content }) => content));
    expect(texts).toEqual([
      ['hi'],
      ['hi', 'Ahoy', 'and?'],
      ['be kind', 'hi', 'Ahoy', 'and?'],
      ['be kind', 'x'],
    ]);
    expect(asked.map(({ conversation }) => conversation)).toEqual(['new', 'chat-1', 'chat-1', 'new']);
    expect(asked.map(each => each.model)).toEqual([undefined, 'tiny', 'tiny', 'tiny']);
  });

  it('goes on after Ctrl-C during an answer, and is left by one without', async () => {
    const asked: ChatRequest[] = [];
    const lines = typed(['hi', '/retry', () => lines.onInterrupt(), 'never']);
    async function* chat(
      _: unknown,
      request: ChatRequest,
      { signal }: { readonly signal: AbortSignal },
    ): AsyncGenerator<ChatEvent> {
      asked.push(request);
      yield { event: 'text', text: 'half' };
      if (asked.length === 1) lines.onInterrupt();
      await Promise.resolve();
      signal.throwIfAborted();
      yield { event: 'done', finishReason: 'stop', usage };
    }
    const { out, said } = await talk(lines, { chat });
    expect(asked).toHaveLength(2);
    expect(out).toBe('half\nhalf\n');
    expect(said).toContain('stopped\n');
  });

  it('stays when a question fails, and says what can be typed', async () => {
    const { tasks } = model([], new DeckhandError('chat.unknown-model', 'No model.'));
    const { said } = await talk(typed(['hi', '/help', '/bogus', '/save', '/retry', null]), tasks);
    expect(said.match(/error chat\.unknown-model: No model\./g)).toHaveLength(2);
    expect(said).toContain('there is no /bogus');
    expect(said).toContain('/model [NAME]');
  });
});
