import type { JSX } from 'react';
import type { Answer, Question } from 'deckhand/client';
import { Button } from '../parts/button.tsx';
import { plainText } from '../parts/words.ts';

/** Asked before a step, where the person wanted to be asked. */
export function StepQuestion({
  question,
  onAnswer,
}: {
  readonly question: Extract<Question, { ask: 'approve-step' }>;
  readonly onAnswer: (answer: Answer) => void;
}): JSX.Element {
  return (
    <section aria-label="step" data-question="approve-step" className="rounded border-2 border-warn p-3">
      <h2 className="font-semibold">Next: {plainText(question.title)}</h2>
      <p className="font-mono text-xs text-muted">{question.hash.slice(0, 24)}</p>
      <div className="mt-2 flex gap-2">
        <Button onClick={() => onAnswer('decline')}>Stop the run here</Button>
        <Button onClick={() => onAnswer('skip')}>Skip it</Button>
        <Button look="grave" onClick={() => onAnswer('approve')}>
          Do it
        </Button>
      </div>
    </section>
  );
}
