import { type JSX, useState } from 'react';
import {
  type Approval,
  type ApprovalWord,
  type DeckhandError,
  type PlanPreview,
  toDeckhandError,
} from 'deckhand/client';
import { api } from '../engine/api.ts';
import { AlwaysAllow } from '../parts/always-allow.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { notice } from '../parts/notice.ts';
import { When } from '../parts/when.tsx';
import { plainText } from '../parts/words.ts';
import { type Asked, askedOf } from './asked-of.ts';
import { CommandList } from './step-card.tsx';

/** Commands of which a lasting rule is offered. */
const MOST_RULES = 5;

/**
 * What waits for a person's word: exactly what would run, where, why it is asked, until when. Nothing in it has the
 * focus by itself, and letting it lie is a no.
 */
export function ApprovalCard({
  approval,
  preview,
  onDecided,
  mayLast = false,
}: {
  readonly approval: Approval;
  readonly preview: PlanPreview | null;
  readonly onDecided: () => void;
  /** True: rules of the policy decide about its commands, so a rule can be made of them. */
  readonly mayLast?: boolean;
}): JSX.Element {
  const [note, setNote] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const asksForWord = approval.kind === 'escalation';
  const decide = async (answer: 'approved' | 'declined', word: ApprovalWord = {}): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      await api.decide(approval.id, answer, { ...word, ...(note.trim() === '' ? {} : { note }) });
      notice.say(
        answer === 'approved' ? 'Your answer was taken: the run goes on.' : 'Refused: the run ends.',
      );
      onDecided();
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
    setBusy(false);
  };
  const { commands: every, hosts, doubts, difference } = askedOf(approval, preview);
  const commands = every.filter(({ decision }) => decision !== 'run');
  return (
    <section
      aria-label="approval"
      data-approval={approval.id}
      className="m-4 rounded border-2 border-warn p-3"
    >
      <h2 className="font-semibold">
        <span aria-hidden="true">! </span>
        {asksForWord ? 'Needs you: ' : 'Asks for your approval: '}
        {plainText(approval.title)}
      </h2>
      {hosts.length === 0 ? null : <p className="text-muted">on {plainText(hosts.join(', '), 500)}</p>}
      {doubts.map(doubt => (
        <p key={doubt} className="text-warn">
          {plainText(doubt)}
        </p>
      ))}
      <Evidence about={approval.about} />
      <Difference lines={difference} />
      {asksForWord ? null : <CommandList commands={commands.length > 0 ? commands : every} />}
      <p className="my-2 text-xs text-muted">
        <span className="font-mono break-all">{approval.hash.slice(0, 24)}</span> · covers exactly this,{' '}
        {approval.uses} {approval.uses === 1 ? 'time' : 'times'} · ends <When time={approval.expiresAt} />,
        and is then refused
      </p>
      {mayLast && !asksForWord ? <LastingRules commands={commands} hosts={hosts} /> : null}
      <label className="block">
        <span className="text-xs text-muted">a note, for the record and for whoever goes on</span>
        <input
          value={note}
          onChange={event => setNote(event.target.value)}
          className="w-full rounded border border-line bg-ground px-2 py-1"
        />
      </label>
      {error ? <Fault error={error} /> : null}
      <div className="mt-2 flex flex-wrap gap-2">
        <Button busy={busy} onClick={() => void decide('declined')}>
          {asksForWord ? 'Abort the run' : 'Refuse'}
        </Button>
        {asksForWord ? (
          <Button busy={busy} onClick={() => void decide('approved', { choice: 'skip' })}>
            Skip this step
          </Button>
        ) : null}
        <Button
          look="grave"
          busy={busy}
          onClick={() => void decide('approved', asksForWord ? { choice: 'continue' } : {})}
        >
          {asksForWord ? 'Go on' : 'Run exactly this'}
        </Button>
        <CopyButton label="copy as CLI" text={`deckhand approvals approve ${approval.id}`} />
      </div>
    </section>
  );
}

/** Of each command that is asked about once; more than a few are no case for one click each. */
function LastingRules({ commands, hosts }: Pick<Asked, 'commands' | 'hosts'>): JSX.Element {
  const asked = commands.filter(
    ({ decision, rule, risks }) => decision === 'ask' && rule === null && risks.length === 0,
  );
  const texts = [...new Set(asked.map(({ text }) => text))].slice(0, MOST_RULES);
  return (
    <>
      {texts.map(text => (
        <AlwaysAllow key={text} command={text} hosts={hosts} namesIt={texts.length > 1} />
      ))}
    </>
  );
}

function Evidence({ about }: { readonly about: Approval['about'] }): JSX.Element | null {
  const { evidence } = about;
  if (typeof evidence !== 'string' || evidence === '') return null;
  return (
    <pre tabIndex={0} className="my-2 max-h-60 overflow-auto rounded bg-sunken px-2 py-1 font-mono text-xs">
      {evidence}
    </pre>
  );
}

function Difference({ lines }: { readonly lines: readonly string[] }): JSX.Element | null {
  if (lines.length === 0) return null;
  return (
    <details open className="my-2">
      <summary className="text-muted">what is different from the plan before</summary>
      <ul className="font-mono text-xs">
        {lines.map(line => (
          <li
            key={line}
            className={line.startsWith('-') ? 'text-bad' : line.startsWith('+') ? 'text-good' : ''}
          >
            {plainText(line, 500)}
          </li>
        ))}
      </ul>
    </details>
  );
}
