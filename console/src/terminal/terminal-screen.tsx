import { type JSX, useEffect, useRef, useState } from 'react';
import { useParams } from 'wouter';
import type { Terminal } from '@xterm/xterm';
import { QuestionForm } from '../fleet/question-form.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { plainText, shellWord } from '../parts/words.ts';
import { openScreen } from './open-screen.ts';
import { harmless, needsQuestion, shown } from './pasted.ts';
import { type SessionView, TerminalSession } from './terminal-session.ts';

const WORDS: Readonly<Record<SessionView['state'], string>> = {
  opening: '… connecting',
  open: '✓ connected',
  reconnecting: '↻ reconnecting; the terminal waits',
  ended: '■ ended',
  replaced: '■ opened in another place',
};
type Approval = Parameters<TerminalSession['run']>[0];

/** A terminal on one host. */
export default function TerminalScreen(): JSX.Element {
  const { host } = useParams<{ host: string }>();
  const [round, setRound] = useState<{ readonly count: number; readonly approval?: Approval }>({ count: 0 });
  return (
    <OneTerminal
      key={`${host} ${round.count}`}
      host={host}
      approval={round.approval}
      onAgain={approval => setRound(({ count }) => ({ count: count + 1, approval }))}
    />
  );
}

function OneTerminal({
  host,
  approval,
  onAgain,
}: {
  readonly host: string;
  readonly approval: Approval;
  readonly onAgain: (approval?: Approval) => void;
}): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const out = useRef<HTMLButtonElement>(null);
  const parts = useRef<{ readonly screen: Terminal; readonly session: TerminalSession } | null>(null);
  const [view, setView] = useState<SessionView | null>(null);
  const [title, setTitle] = useState('');
  const [pasted, setPasted] = useState<string | null>(null);
  const [spoken, setSpoken] = useState(false);
  useEffect(() => {
    if (!place.current) return undefined;
    const { screen, dispose } = openScreen(place.current, {
      onPaste: text => (needsQuestion(text) ? setPasted(text) : screen.paste(text)),
      onLeave: () => out.current?.focus(),
    });
    const session = new TerminalSession(host, screen, setView);
    parts.current = { screen, session };
    // what a host says of itself is text, and never the page's own title
    screen.onTitleChange(text => setTitle(plainText(text, 80)));
    void session.run(approval);
    screen.focus();
    return () => {
      session.leave();
      dispose();
    };
  }, [host, approval]);
  const { state = 'opening', questions = [], exit = null, error = null, recorded = false } = view ?? {};
  const isOver = state === 'ended' || state === 'replaced';
  return (
    <ScreenFrame
      title={
        <>
          {plainText(host, 80)} <span className="text-sm font-normal text-muted">{title}</span>
        </>
      }
      actions={
        <>
          <span role="status" data-terminal={state} className="text-sm text-muted">
            {WORDS[state]}
            {recorded ? ' · recorded' : ''}
          </span>
          <label className="flex items-center gap-1 text-sm">
            <input
              type="checkbox"
              className="size-4"
              checked={spoken}
              onChange={event => {
                setSpoken(event.target.checked);
                if (parts.current) parts.current.screen.options.screenReaderMode = event.target.checked;
              }}
            />
            for screen readers
          </label>
          <CopyButton label="copy as CLI" text={`deckhand shell ${shellWord(host)}`} />
          {isOver ? (
            <Button look="main" onClick={() => onAgain()}>
              Open again
            </Button>
          ) : (
            <button
              type="button"
              ref={out}
              className="inline-flex min-h-8 items-center rounded border border-line bg-raised px-2.5 py-1 hover:bg-sunken"
              onClick={() => parts.current?.session.hangUp()}
            >
              Hang up
            </button>
          )}
        </>
      }
    >
      <div className="flex h-full flex-col">
        {questions.map(question => (
          <div key={question.id} className="p-3">
            <QuestionForm
              question={question}
              onAnswer={answer => parts.current?.session.answer(question.id, answer)}
            />
          </div>
        ))}
        {error ? (
          <div className="px-3">
            <Fault error={error} />
            {error.code === 'policy.needs-approval' ? (
              <Button look="grave" onClick={() => onAgain(approvalOf(error.details))}>
                Yes, open a terminal
              </Button>
            ) : null}
          </div>
        ) : null}
        {exit ? (
          <div className="px-3">{exit.error ? <Fault error={exit.error} /> : <p>{exitText(exit)}</p>}</div>
        ) : null}
        <div ref={place} data-screen className="min-h-0 flex-1 overflow-hidden p-1" />
        <p className="border-t border-line px-3 py-1 text-xs text-muted">
          Ctrl Shift C copies, Ctrl Shift V pastes, Shift Esc leaves the terminal.
        </p>
      </div>
      {pasted === null ? null : (
        <Overlay shape="dialog" title="Paste this into the terminal?" onClose={() => setPasted(null)}>
          <p className="mb-2">A shell runs each line at once.</p>
          <pre
            tabIndex={0}
            data-pasted
            className="max-h-64 overflow-auto rounded border border-line bg-sunken p-2 font-mono text-sm whitespace-pre-wrap"
          >
            {shown(pasted)}
          </pre>
          <div className="mt-3 flex gap-2">
            <Button onClick={() => setPasted(null)}>Do not paste</Button>
            <Button
              look="grave"
              onClick={() => {
                parts.current?.screen.paste(harmless(pasted));
                setPasted(null);
              }}
            >
              Paste it
            </Button>
          </div>
        </Overlay>
      )}
    </ScreenFrame>
  );
}

function exitText({ exitCode, signal }: NonNullable<SessionView['exit']>): string {
  if (signal !== null) return `The shell was ended by SIG${plainText(signal, 20)}.`;
  return exitCode === null ? 'Hung up.' : `The shell ended with ${exitCode}.`;
}

/** A person's yes to what the policy has just asked about. */
function approvalOf({ hash, risks }: Readonly<Record<string, unknown>>): Approval {
  if (typeof hash !== 'string') return undefined;
  return { hash, risks: Array.isArray(risks) ? risks.map(String) : [] };
}
