import { type JSX, useState } from 'react';
import { Link } from 'wouter';
import { sanitiseText } from 'deckhand/client';

import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { durationText } from '../parts/words.ts';
import { answerParts } from './answer-parts.ts';
import type { ShownMessage } from './use-chat.ts';

/** Characters of a request to the agent. */
const MOST_INTENT = 10_000;

/** One message. What a model says is text; only its code stands in a box of its own. */
export function MessageView(props: {
  readonly message: ShownMessage;
  readonly streaming: boolean;
  readonly onRetry: (() => void) | null;
  readonly onEdit: ((content: string) => void) | null;
}): JSX.Element {
  const { message, streaming, onRetry, onEdit } = props;
  const [editing, setEditing] = useState(false);
  const isPerson = message.role === 'user';
  const content = sanitiseText(message.content);
  return (
    <article
      aria-label={isPerson ? 'you' : 'answer'}
      aria-busy={streaming}
      className={`mb-4 rounded border px-3 py-2 ${isPerson ? 'border-line bg-raised' : 'border-transparent'}`}
    >
      <h3 className="mb-1 text-xs font-medium text-muted">
        {isPerson ? 'You' : (message.model ?? 'Answer')}
      </h3>
      {message.thinking === undefined ? null : (
        <details className="mb-1 text-muted">
          <summary>thinking</summary>
          <p className="whitespace-pre-wrap">{sanitiseText(message.thinking)}</p>
        </details>
      )}
      {editing && onEdit ? (
        <EditForm
          content={content}
          onDone={text => {
            setEditing(false);
            if (text !== null) onEdit(text);
          }}
        />
      ) : (
        <Parts content={content} />
      )}
      {message.finishReason === 'cancelled' ? <p className="text-muted">■ stopped on the server</p> : null}
      {message.finishReason === 'length' ? (
        <p className="text-warn">The answer was cut off: its longest length is reached.</p>
      ) : null}
      {streaming ? null : (
        <footer className="mt-1 flex flex-wrap items-center gap-x-2 text-xs text-muted">
          {message.usage ? <span>{usageText(message)}</span> : null}
          <CopyButton label="copy" text={content} />
          {onRetry ? (
            <Button look="bare" onClick={onRetry}>
              ask again
            </Button>
          ) : null}
          {isPerson && !editing ? (
            <Link
              href={`/agent?intent=${encodeURIComponent(content.slice(0, MOST_INTENT))}`}
              className="rounded px-2.5 py-1 hover:bg-sunken"
            >
              turn into a task
            </Link>
          ) : null}
          {onEdit && !editing ? (
            <Button look="bare" onClick={() => setEditing(true)}>
              edit
            </Button>
          ) : null}
        </footer>
      )}
    </article>
  );
}

function Parts({ content }: { readonly content: string }): JSX.Element {
  return (
    <>
      {answerParts(content).map((part, place) =>
        part.kind === 'prose' ? (
          // parts only grow at the end: a place is a name
          // eslint-disable-next-line react/no-array-index-key
          <p key={place} className="whitespace-pre-wrap break-words">
            {part.text}
          </p>
        ) : (
          // eslint-disable-next-line react/no-array-index-key
          <figure key={place} className="my-2 rounded border border-line bg-sunken">
            <figcaption className="flex items-center justify-between px-2 text-xs text-muted">
              {part.language || 'code'}
              <CopyButton label="copy code" text={part.text} />
            </figcaption>
            <pre tabIndex={0} className="overflow-x-auto px-2 pb-2 font-mono text-[13px]">
              {part.text}
            </pre>
          </figure>
        ),
      )}
    </>
  );
}

function EditForm({
  content,
  onDone,
}: {
  readonly content: string;
  readonly onDone: (text: string | null) => void;
}): JSX.Element {
  const [text, setText] = useState(content);
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        if (text.trim() !== '') onDone(text);
      }}
    >
      <label className="sr-only" htmlFor="edited">
        your question
      </label>
      <textarea
        id="edited"
        rows={4}
        value={text}
        onChange={event => setText(event.target.value)}
        className="w-full rounded border border-line bg-ground px-2 py-1"
      />
      <div className="mt-1 flex gap-2">
        <Button type="submit" look="main" disabled={text.trim() === ''}>
          Ask this instead
        </Button>
        <Button onClick={() => onDone(null)}>Leave it</Button>
      </div>
    </form>
  );
}

function usageText({ usage }: ShownMessage): string {
  if (!usage) return '';
  const { promptTokens, completionTokens, tokensPerSecond, firstToken, duration } = usage;
  return [
    promptTokens === null ? null : `${promptTokens} tokens in`,
    completionTokens === null ? null : `${completionTokens} out`,
    tokensPerSecond === null ? null : `${tokensPerSecond.toFixed(1)} tokens/s`,
    firstToken === null ? null : `first after ${durationText(firstToken)}`,
    `${durationText(duration)} in all`,
  ]
    .filter(part => part !== null)
    .join(' · ');
}
