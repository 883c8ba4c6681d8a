import { expect, it } from 'vitest';
import type { FollowItem, Question } from 'deckhand/client';
import { answeredHere, NO_QUESTIONS, reopened, told } from './open-questions.ts';

const question = { id: 'q', task: 't', host: 'h', ask: 'sudo-password' } as Question;
const asked: FollowItem = { item: 'question', question };
const closed: FollowItem = { item: 'question-closed', id: 'q' };

it('a question that is told twice is shown once', () => {
  expect(told(told(NO_QUESTIONS, asked), asked).open).toEqual([question]);
});

it('one that was answered here is not shown again while the answer is on its way', () => {
  const here = answeredHere(told(NO_QUESTIONS, asked), 'q');
  expect(told(here, asked).open).toEqual([]);
  expect(told(here, closed)).toEqual(NO_QUESTIONS);
});

it('one whose answer did not arrive is; one that is closed is not', () => {
  const again = reopened(answeredHere(told(NO_QUESTIONS, asked), 'q'), question);
  expect(again.open).toEqual([question]);
  expect(told(again, closed).open).toEqual([]);
});
