import { describe, expect, it } from 'vitest';
import type { NewMessage } from '../../src/core/chat.ts';
import type { OpenStore } from './conformance.ts';
import { MINUTE, NOON } from './sample-task.ts';

const question = (content: string): NewMessage => ({ role: 'user', content });
const answer = (content: string): NewMessage => ({
  role: 'assistant',
  content,
  model: 'tiny',
  finishReason: 'stop',
});

export function conversationCases(open: OpenStore): void {
  describe('conversations', () => {
    it('are kept as they were said, and those changed last come first (L32)', async () => {
      await using store = await open();
      const messages = [question('Grüße?'), answer('Ahoy\u0000 🦜')];
      await store.saveConversation({ id: 'chat-1', title: 'one', model: 'tiny', messages, now: NOON });
      await store.saveConversation({ id: 'chat-2', title: 'two', model: null, messages: [], now: NOON });
      await store.saveConversation({
        id: 'chat-1',
        title: null,
        model: 'tiny',
        messages: [...messages, question('and?')],
        now: NOON + MINUTE,
      });
      expect(await store.conversations({ limit: 10 })).toEqual([
        { id: 'chat-1', title: 'one', model: 'tiny', createdAt: NOON, changedAt: NOON + MINUTE, messages: 3 },
        { id: 'chat-2', title: 'two', model: null, createdAt: NOON, changedAt: NOON, messages: 0 },
      ]);
      expect((await store.conversation('chat-1'))?.messages).toEqual([
        { ...messages[0], number: 1, time: NOON },
        { ...messages[1], number: 2, time: NOON },
        { ...question('and?'), number: 3, time: NOON + MINUTE },
      ]);
    });

    it('lose what a question asked again took the place of', async () => {
      await using store = await open();
      const change = { id: 'chat-1', title: 't', model: 'tiny', now: NOON };
      await store.saveConversation({ ...change, messages: [question('a'), answer('b'), question('c')] });
      await store.saveConversation({ ...change, messages: [question('a'), answer('other')] });
      const kept = (await store.conversation('chat-1'))?.messages.map(({ content }) => content);
      expect(kept).toEqual(['a', 'other']);
    });

    it('are found by what was said, in capitals or not, in every script', async () => {
      await using store = await open();
      const change = { model: null, now: NOON };
      await store.saveConversation({
        ...change,
        id: 'chat-1',
        title: 'ÜBER',
        messages: [question('100% _of_')],
      });
      await store.saveConversation({
        ...change,
        id: 'chat-2',
        title: 'x',
        messages: [answer('Привет, МИР')],
      });
      const find = async (search: string): Promise<readonly string[]> =>
        (await store.conversations({ search, limit: 10 })).map(({ id }) => id);
      expect(await find('über')).toEqual(['chat-1']);
      expect(await find('привет, мир')).toEqual(['chat-2']);
      expect(await find('0% _OF')).toEqual(['chat-1']);
      expect(await find('%')).toEqual(['chat-1']);
      expect(await find('nowhere')).toEqual([]);
      expect(await store.conversations({ limit: 1 })).toHaveLength(1);
    });

    it('are forgotten with all that was said', async () => {
      await using store = await open();
      await store.saveConversation({
        id: 'chat-1',
        title: 't',
        model: null,
        messages: [question('a')],
        now: NOON,
      });
      expect(await store.removeConversation('chat-1')).toBe(true);
      expect(await store.removeConversation('chat-1')).toBe(false);
      expect(await store.conversation('chat-1')).toBeNull();
      expect(await store.conversations({ search: 'a', limit: 10 })).toEqual([]);
    });
  });
}
