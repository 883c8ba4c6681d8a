import { useCallback, useEffect, useState } from 'react';
import { type Answer, isFinal, type Question, type TaskRow } from 'deckhand/client';
import { api } from '../engine/api.ts';

/** What a run asks of whoever watches it; answered here, it goes on. */
export function useQuestions(task: TaskRow | null): {
  readonly questions: readonly Question[];
  readonly answer: (question: Question, answer: Answer) => void;
} {
  const [questions, setQuestions] = useState<readonly Question[]>([]);
  const id = task && !isFinal(task.state) ? task.id : null;
  useEffect(() => {
    setQuestions([]);
    if (id === null) return undefined;
    const leave = new AbortController();
    const listen = async (): Promise<void> => {
      for await (const item of api.follow(id, { signal: leave.signal, answers: true })) {
        if (leave.signal.aborted) return;
        if (item.item === 'question') setQuestions(old => [...old, item.question]);
        if (item.item === 'question-closed') setQuestions(old => old.filter(each => each.id !== item.id));
      }
    };
    // the live connection says so when the daemon is away
    listen().catch(() => undefined);
    return () => leave.abort();
  }, [id]);
  const answer = useCallback((question: Question, text: Answer) => {
    setQuestions(old => old.filter(each => each.id !== question.id));
    api.answer(question.task, question.id, text).catch(() => undefined);
  }, []);
  return { questions, answer };
}
