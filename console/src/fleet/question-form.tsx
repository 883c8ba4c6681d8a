import { type FormEvent, type JSX, useState } from 'react';
import type { Answer, Question } from 'deckhand/client';
import { Button } from '../parts/button.tsx';
import { TextField } from '../parts/field.tsx';
import { plainText } from '../parts/words.ts';

/** What only a person can give. Nothing of it is kept, neither here nor by the daemon. */
export function QuestionForm({
  question,
  onAnswer,
}: {
  readonly question: Question;
  readonly onAnswer: (answer: Answer) => void;
}): JSX.Element {
  const [text, setText] = useState('');
  if (question.ask === 'accept-host-key')
    return (
      <div className="rounded border border-warn p-3" data-question="accept-host-key">
        <p>This server is seen for the first time. Its {plainText(question.keyType, 40)} key is</p>
        <p className="my-1 font-mono text-sm break-all">{plainText(question.fingerprint, 200)}</p>
        <p className="mb-2 text-muted">Compare it with what the server itself or its provider says.</p>
        <div className="flex gap-2">
          <Button onClick={() => onAnswer('no')}>Do not trust</Button>
          <Button onClick={() => onAnswer('yes')}>It is the same: trust it</Button>
        </div>
      </div>
    );
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    onAnswer(text);
  };
  return (
    <form className="flex items-end gap-2" onSubmit={onSubmit} data-question={question.ask}>
      <TextField
        autoFocus
        type="password"
        autoComplete="off"
        label={labelOf(question)}
        value={text}
        onChange={event => setText(event.target.value)}
      />
      <Button type="submit" look="main">
        Answer
      </Button>
      <Button onClick={() => onAnswer(null)}>Cannot say</Button>
    </form>
  );
}

function labelOf(question: Question): string {
  if (question.ask === 'password')
    return `password of ${plainText(question.user, 60)} on ${plainText(question.host, 60)}`;
  if (question.ask === 'passphrase') return `passphrase of ${plainText(question.keyFile, 120)}`;
  return `sudo password on ${plainText(question.host, 60)}`;
}
