import type { Answer, Question, Submission, TaskView } from 'deckhand/client';
import { api } from './api.ts';

/**
 * Submits work and waits for its end; what only a person can give is asked meanwhile, again where the answer did not
 * arrive. Throws what the daemon says.
 */
export async function askRun(
  submission: Submission,
  parts: {
    readonly signal: AbortSignal;
    /** Null = cannot say. */
    readonly onQuestion: (question: Question) => Promise<Answer>;
    /** Nobody waits for an answer to it any more. */
    readonly onClosed?: (question: string) => void;
  },
): Promise<TaskView | null> {
  const { signal, onQuestion, onClosed } = parts;
  const open = new Set<string>();
  const ask = async (question: Question): Promise<void> => {
    while (open.has(question.id) && !signal.aborted) {
      const answer = await onQuestion(question);
      const arrived = await api.answer(question.task, question.id, answer).then(
        () => true,
        () => false,
      );
      if (arrived || answer === null) return;
    }
  };
  const close = (id: string): void => {
    if (open.delete(id)) onClosed?.(id);
  };
  try {
    for await (const item of api.submitAndFollow(submission, { signal, answers: true })) {
      if (item.item === 'ended') return item.task;
      if (item.item === 'question-closed') close(item.id);
      if (item.item !== 'question') continue;
      open.add(item.question.id);
      void ask(item.question);
    }
    return null;
  } finally {
    for (const id of open) close(id);
  }
}
