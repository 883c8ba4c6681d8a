import { type JSX, useEffect, useRef, useState } from 'react';
import type { DeckhandError, ErrorRecord } from 'deckhand/client';
import { whyNot } from '../engine/api.ts';
import { AlwaysAllow } from './always-allow.tsx';
import { approvalOf } from './approval-of.ts';
import { Button } from './button.tsx';
import { Fault } from './fault.tsx';
import { plainText } from './words.ts';

type Thrown = DeckhandError | ErrorRecord;

/** Did the policy ask for a person's yes, rather than something fail? */
export function asksForYes(error: Thrown | null): boolean {
  return approvalOf(error).approval !== undefined;
}

/**
 * What failed; or, where the policy wants a person's yes first, what it found and the button that says yes. The
 * question has the focus, never the button: a key that was meant for the one before does not approve.
 */
export function FaultOrQuestion({
  error,
  word,
  busy,
  onYes,
  asked,
}: {
  readonly error: Thrown;
  /** On the button: `Yes, run exactly this`. */
  readonly word: string;
  readonly busy: boolean;
  readonly onYes: () => void;
  /** What a lasting rule could be made of; absent: of this none is made. */
  readonly asked?: { readonly command: string; readonly hosts: readonly string[] };
}): JSX.Element {
  return asksForYes(error) ? (
    <PolicyQuestion error={error} word={word} busy={busy} onYes={onYes} {...(asked && { asked })} />
  ) : (
    <Fault error={error} />
  );
}

function PolicyQuestion({
  error,
  word,
  busy,
  onYes,
  asked,
}: Parameters<typeof FaultOrQuestion>[0]): JSX.Element {
  const section = useRef<HTMLElement>(null);
  useEffect(() => section.current?.focus(), []);
  // a program that wishes for something is not the person who says yes to it
  const [barred] = useState(() => whyNot('administer'));
  const { details } = error;
  const risks = textsOf(details['risks']);
  return (
    <section
      ref={section}
      tabIndex={-1}
      aria-label="approval"
      data-policy-question=""
      className="my-2 rounded border-2 border-warn p-3"
    >
      <h3 className="font-semibold">
        <span aria-hidden="true">! </span>The policy asks for your approval
      </h3>
      <p>{plainText(error.message, 1000)}</p>
      <p className="text-xs text-muted">
        {plainText(textsOf([details['class']]).join(''), 60)}
        {risks.length === 0 ? '' : ` · risks: ${plainText(risks.join(', '), 200)}`}
        {typeof details['rule'] === 'string' ? ` · rule ${plainText(details['rule'], 80)}` : ''}
      </p>
      <ul className="ml-4 list-disc text-xs text-muted">
        {textsOf(details['reasons']).map(reason => (
          <li key={reason}>{plainText(reason, 300)}</li>
        ))}
      </ul>
      <p className="my-2 text-xs text-muted">
        <span className="font-mono break-all">{plainText(textsOf([details['hash']]).join(''), 24)}</span> ·
        covers exactly this, once. To refuse, leave it.
      </p>
      {barred === null ? (
        <Button look="grave" busy={busy} onClick={onYes}>
          {word}
        </Button>
      ) : (
        <p data-barred="" className="text-warn">
          {barred}
        </p>
      )}
      {asked && barred === null ? (
        <AlwaysAllow key={`${asked.command} ${asked.hosts.join()}`} {...asked} />
      ) : null}
    </section>
  );
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(each => typeof each === 'string') : [];
}
