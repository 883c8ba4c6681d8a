import type { FollowItem, Question } from 'deckhand/client';

/** Questions that wait for a person, and those answered here whose end was not told yet. Pure. */
export interface OpenQuestions {
  readonly open: readonly Question[];
  readonly answered: ReadonlySet<string>;
}

export const NO_QUESTIONS: OpenQuestions = { open: [], answered: new Set() };

/** What a follower was told. The same question may be told twice, and once more after it was answered here. */
export function told(old: OpenQuestions, item: FollowItem): OpenQuestions {
  if (item.item === 'question')
    return old.answered.has(item.question.id) ? old : reopened(old, item.question);
  if (item.item === 'question-closed') return without(old, item.id);
  return old;
}

/** Answered here: it is on its way. */
export function answeredHere(old: OpenQuestions, id: string): OpenQuestions {
  return { ...without(old, id), answered: new Set([...old.answered, id]) };
}

/** The answer did not arrive. */
export function reopened(old: OpenQuestions, question: Question): OpenQuestions {
  const rest = without(old, question.id);
  return { ...rest, open: [...rest.open, question] };
}

function without({ open, answered }: OpenQuestions, id: string): OpenQuestions {
  return {
    open: open.filter(each => each.id !== id),
    answered: new Set([...answered].filter(each => each !== id)),
  };
}
