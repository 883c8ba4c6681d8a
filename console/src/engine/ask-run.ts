import type { Answer, Question, Submission, TaskView } from 'deckhand/client';
import { api } from './api.ts';

/** Submits work and waits for its end; what only a person can give is asked meanwhile. Throws what the daemon says. */
export async function askRun(
  submission: Submission,
  parts: {
    readonly signal: AbortSignal;
    /** Null = cannot say. */
    readonly onQuestion: (question: Question) => Promise<Answer>;
  },
): Promise<TaskView | null> {
  const { signal, onQuestion } = parts;
  for await (const item of api.submitAndFollow(submission, { signal, answers: true })) {
    if (item.item === 'ended') return item.task;
    if (item.item !== 'question') continue;
    const { task, id } = item.question;
    void onQuestion(item.question)
      .then(async answer => await api.answer(task, id, answer))
      .catch(() => undefined);
  }
  return null;
}
