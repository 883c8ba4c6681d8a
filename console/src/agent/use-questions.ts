import { useCallback, useEffect, useRef, useState } from 'react';
import { type Answer, isFinal, type Question, type TaskRow, toDeckhandError } from 'deckhand/client';
import { api, isAway } from '../engine/api.ts';
import { useChanges, useLive } from '../engine/use-live.ts';
import { notice } from '../parts/notice.ts';
import { answeredHere, NO_QUESTIONS, reopened, told } from './open-questions.ts';

/** What a run asks of whoever watches it; answered here, it goes on. */
export function useQuestions(task: TaskRow | null): {
  readonly questions: readonly Question[];
  readonly answer: (question: Question, answer: Answer) => void;
} {
  const [questions, setQuestions] = useState(NO_QUESTIONS);
  const [round, setRound] = useState(0);
  const { state } = useLive();
  const wasAway = useRef(false);
  if (state === 'reconnecting') wasAway.current = true;
  const id = task && !isFinal(task.state) ? task.id : null;
  useChanges(() => {
    if (!wasAway.current) return;
    wasAway.current = false;
    setRound(count => count + 1);
  });
  useEffect(() => {
    // asked and closed while nobody listened: all that are open are told anew
    setQuestions(NO_QUESTIONS);
    if (id === null) return undefined;
    const leave = new AbortController();
    const listen = async (): Promise<void> => {
      for await (const item of api.follow(id, { signal: leave.signal, answers: true })) {
        if (leave.signal.aborted) return;
        setQuestions(old => told(old, item));
      }
    };
    listen().catch((thrown: unknown) => {
      // the live connection says when the daemon is back
      if (!leave.signal.aborted && isAway(thrown)) wasAway.current = true;
    });
    return () => leave.abort();
  }, [id, round]);
  const answer = useCallback((question: Question, text: Answer) => {
    setQuestions(old => answeredHere(old, question.id));
    api.answer(question.task, question.id, text).then(
      isTaken => isTaken || notice.say('Nobody waits for this answer any more.'),
      (thrown: unknown) => {
        notice.say(`The answer did not arrive: ${toDeckhandError(thrown).message}`);
        setQuestions(old => reopened(old, question));
      },
    );
  }, []);
  return { questions: questions.open, answer };
}
