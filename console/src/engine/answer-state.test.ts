import { describe, expect, it } from 'vitest';
import { DeckhandError } from 'deckhand/client';
import { altered, answered, type AnswerState, asked, refused } from './answer-state.ts';

/** What is known of a thing, newer ones with a higher number. */
const first: AnswerState<number> = { key: 'a', value: null, error: null, asking: true, since: [] };
const atLeast =
  (news: number) =>
  (value: number): number =>
    Math.max(value, news);

describe('an answer and a change that cross on their way', () => {
  it('a change that is told before the first answer comes is not lost to it', () => {
    expect(answered(altered(first, atLeast(2)), 'a', 1)).toMatchObject({ value: 2, asking: false });
  });
  it('nor to an answer that was asked for anew', () => {
    const again = asked(answered(first, 'a', 1), 'a');
    expect(altered(again, atLeast(3)).value).toBe(3);
    expect(answered(altered(again, atLeast(3)), 'a', 1).value).toBe(3);
  });
  it('an answer that is past it stays', () => {
    expect(answered(altered(first, atLeast(2)), 'a', 4).value).toBe(4);
  });
  it('what was told before the question is in its answer, and is not kept', () => {
    const again = asked(altered(answered(first, 'a', 5), atLeast(9)), 'a');
    expect(again).toMatchObject({ value: 9, since: [] });
    expect(answered(again, 'a', 6).value).toBe(6);
  });
});

it('of another key nothing is kept', () => {
  const shown = answered(first, 'a', 1);
  expect(asked(shown, 'b')).toMatchObject({ value: null, asking: true });
  expect(refused(shown, 'a', new DeckhandError('task.unknown', 'gone'))).toMatchObject({ value: 1 });
  expect(refused(shown, 'b', new DeckhandError('task.unknown', 'gone'))).toMatchObject({ value: null });
});
