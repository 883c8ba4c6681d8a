import { expect, it } from 'vitest';
import type { TaskEvent } from 'deckhand/client';
import { EventReader } from './event-reader.ts';

/** Events of a daemon that answers when it is told to, two at a time. */
function reading() {
  const log = { newest: 0 };
  const asked: { readonly after: number; readonly answer: () => void; readonly fail: () => void }[] = [];
  let shown: readonly TaskEvent[] = [];
  const reader = new EventReader(
    after => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly TaskEvent[]>();
      const answer = (): void => {
        const count = Math.max(0, Math.min(2, log.newest - after));
        resolve(Array.from({ length: count }, (_, at) => ({ seq: after + 1 + at }) as TaskEvent));
      };
      asked.push({ after, answer, fail: () => reject(new Error('away')) });
      return promise;
    },
    events => (shown = events),
  );
  const settle = async (what: 'answer' | 'fail' = 'answer'): Promise<void> => {
    asked.at(-1)?.[what]();
    await new Promise(resolve => setTimeout(resolve, 0));
  };
  return { log, asked, reader, settle, numbers: () => shown.map(({ seq }) => seq) };
}

it('events that come while others are read do not put off those: each is read once, in order', async () => {
  const { log, asked, reader, settle, numbers } = reading();
  for (log.newest = 1; log.newest < 5; log.newest += 1) void reader.want(log.newest);
  expect(asked).toHaveLength(1);
  await settle();
  expect(numbers()).toEqual([1, 2]);
  void reader.want(5);
  await settle();
  await settle();
  expect(numbers()).toEqual([1, 2, 3, 4, 5]);
  expect(asked.map(({ after }) => after)).toEqual([0, 2, 4]);
});

it('what was not answered is asked again, and an answer that comes too late after all is left', async () => {
  const { log, asked, reader, settle, numbers } = reading();
  log.newest = 2;
  const refused = expect(reader.want(2)).rejects.toThrow('away');
  await settle('fail');
  await refused;
  void reader.anew();
  const late = asked.at(-1);
  void reader.anew();
  await settle();
  late?.answer();
  await new Promise(resolve => setTimeout(resolve, 0));
  expect(numbers()).toEqual([1, 2]);
  expect(asked).toHaveLength(3);
});
