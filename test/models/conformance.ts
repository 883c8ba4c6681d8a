import { describe, expect, it } from 'vitest';
import type { ChatEvent, ChatParameters } from '../../src/core/chat.ts';
import { systemClock } from '../../src/core/clock.ts';
import { chat } from '../../src/models/chat.ts';
import type { ModelDoor } from '../../src/models/door.ts';
import { servedModels } from '../../src/models/served-models.ts';

/** A model server as the suite needs it. */
export interface ServedHere extends AsyncDisposable {
  readonly door: ModelDoor;
  readonly model: string;
  /** What it says to `hi`. */
  readonly sentence: string;
  /** Requests being worked on. */
  readonly busy: () => Promise<number>;
  /** A question whose answer goes on until it is stopped. */
  readonly endless: { readonly parameters: ChatParameters };
}

export const hi = [{ role: 'user', content: 'hi' }] as const;

/** The whole answer, and what came besides. */
export async function answerOf(
  events: AsyncIterable<ChatEvent>,
): Promise<{ readonly text: string; readonly done: Extract<ChatEvent, { event: 'done' }> | null }> {
  let text = '';
  let done: Extract<ChatEvent, { event: 'done' }> | null = null;
  for await (const event of events) {
    if (event.event === 'text') text += event.text;
    if (event.event === 'done') done = event;
  }
  return { text, done };
}

/** What a chat is on every model server, the real one and the pretended. */
export function chatConformance(name: string, open: () => Promise<ServedHere>): void {
  describe(`a chat with ${name}`, () => {
    const call = (server: ServedHere, signal = AbortSignal.timeout(300_000)) => ({
      model: server.model,
      messages: hi,
      parameters: { temperature: 0 },
      clock: systemClock,
      signal,
    });

    it('says its sentence, why it ended and what it took, as the server counted (L22 L23 L25 T13)', async () => {
      await using server = await open();
      const { text, done } = await answerOf(chat(server.door, call(server)));
      expect(text).toBe(server.sentence);
      expect(done?.finishReason).toBe('stop');
      expect(done?.usage.promptTokens).toBe(22);
      expect(done?.usage.completionTokens).toBeGreaterThan(1);
      expect(done?.usage.tokensPerSecond).toBeGreaterThan(0);
      expect(done?.usage.resumed).toBe(0);
    });

    it('lists what is served (L28)', async () => {
      await using server = await open();
      const models = await servedModels(server.door, AbortSignal.timeout(300_000));
      expect(models.map(each => each.name)).toContain(server.model);
      expect(models[0]?.context).toBeGreaterThan(0);
    });

    it('cancelled in the middle leaves the server idle (L24)', async () => {
      await using server = await open();
      const stop = new AbortController();
      const events = chat(server.door, { ...call(server, stop.signal), ...server.endless });
      for await (const event of events) {
        if (event.event === 'text') break;
      }
      expect(await soon(server.busy)).toBe(0);
      const again = chat(server.door, { ...call(server, stop.signal), ...server.endless });
      const read = (async () => {
        for await (const event of again) if (event.event === 'text') stop.abort(new Error('enough'));
      })();
      await expect(read).rejects.toThrow('enough');
      expect(await soon(server.busy)).toBe(0);
    });

    it('goes on with others when some of twenty at once are cancelled (L26)', async () => {
      await using server = await open();
      const stops = Array.from({ length: 20 }, () => new AbortController());
      const ends = await Promise.allSettled(
        stops.map(async (stop, index) => {
          const question = call(server, stop.signal);
          if (index % 2 === 0) return (await answerOf(chat(server.door, question))).text;
          for await (const event of chat(server.door, { ...question, ...server.endless }))
            if (event.event === 'text') stop.abort(new Error('cancelled'));
          return 'ended';
        }),
      );
      const kept = ends.filter((_, index) => index % 2 === 0);
      expect(kept.map(wordsOf)).toEqual(Array.from({ length: 10 }, () => server.sentence));
      const stopped = ends.filter((_, index) => index % 2 === 1);
      expect(stopped.map(wordsOf)).toEqual(Array.from({ length: 10 }, () => 'Error: cancelled'));
      expect(await soon(server.busy)).toBe(0);
    });

    it('says typed that the key is wrong, and does not repeat it (L29)', async () => {
      await using server = await open();
      if (server.door.key() === undefined) return;
      const wrong = { ...server.door, key: () => 'wrong-key-1234' };
      const error = await answerOf(chat(wrong, call(server))).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'engine.key-rejected' });
      expect(JSON.stringify(error)).not.toContain('wrong-key-1234');
    });

    it('names the numbers when the conversation is too long', async () => {
      await using server = await open();
      const messages = [{ role: 'user', content: 'word '.repeat(20_000) }] as const;
      const error = await answerOf(chat(server.door, { ...call(server), messages })).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toMatchObject({ code: 'chat.context-overflow' });
      expect(String(error)).toMatch(/has \d{4,} tokens, the context of the model \d+/);
    });
  });
}

/** What came, or why nothing did: whoever reads of a failure wants to know which. */
const wordsOf = (end: PromiseSettledResult<string>) =>
  end.status === 'fulfilled' ? end.value : String(end.reason);

/** Zero as soon as it is zero; else what it stays at for longer than any machine needs. */
async function soon(busy: () => Promise<number>): Promise<number> {
  let seen = await busy();
  for (let look = 0; look < 2000 && seen > 0; look += 1) {
    await systemClock.sleep(20);
    seen = await busy();
  }
  return seen;
}
