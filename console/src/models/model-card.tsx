import { type JSX, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { type DeckhandError, type TaskView, toDeckhandError } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { askRun } from '../engine/ask-run.ts';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import type { StateLook } from '../parts/states.ts';
import { bytesText, plainText, shellWord } from '../parts/words.ts';
import type { ModelRow } from './model-rows.ts';
import { modelSubmission } from './model-submission.ts';
import { ServerCheck } from './server-check.tsx';

const SERVES: StateLook = { word: 'serves', glyph: '✓', tone: 'good' };
const FAILS: StateLook = { word: 'does not serve', glyph: '✗', tone: 'bad' };
const UNKNOWN: StateLook = { word: 'not asked yet', glyph: '?', tone: 'quiet' };
const ASKED: StateLook = { word: 'being asked', glyph: '◔', tone: 'busy' };

/** One model server: how it is, where it listens, and what can be done with it. */
export function ModelCard({
  row,
  isAsking,
}: {
  readonly row: ModelRow;
  readonly isAsking: boolean;
}): JSX.Element {
  const [, navigate] = useLocation();
  const [answer, setAnswer] = useState<TaskView | null>(null);
  const [error, setError] = useState<DeckhandError | null>(null);
  const [busy, setBusy] = useState(false);
  const [isSure, setIsSure] = useState(false);
  const leave = useRef<AbortController | null>(null);
  useEffect(() => () => leave.current?.abort(), []);
  const { host, name, attached, served } = row;
  const problem = served.find(each => each.error !== null)?.error ?? null;
  const look = served.length === 0 ? (isAsking ? ASKED : UNKNOWN) : problem ? FAILS : SERVES;

  const ask = async (kind: string, params: Readonly<Record<string, unknown>>): Promise<void> => {
    leave.current = new AbortController();
    setBusy(true);
    setError(null);
    try {
      const { signal } = leave.current;
      const task = await askRun(modelSubmission(kind, host, params), {
        signal,
        onQuestion: async () => await Promise.resolve(null),
      });
      setAnswer(task);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
    setBusy(false);
  };
  const remove = async (): Promise<void> => {
    try {
      const { group } = await api.submit(
        attached
          ? modelSubmission('model.disconnect', host, { name, keyFile: attached.keyFile })
          : modelSubmission('model.remove', host, { name }),
      );
      navigate(`/runs/${group}`);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
  };
  const speed = served[0]?.tokensPerSecond ?? null;
  const word = attached ? 'Disconnect' : 'Remove';
  return (
    <li data-model={row.id} className="rounded border border-line bg-raised p-3">
      <h2 className="flex flex-wrap items-center gap-2 font-semibold">
        {plainText(row.id, 100)}
        <Badge look={look} />
      </h2>
      <p className="break-words text-muted">
        {plainText(row.models.join(', '), 200)}
        {row.size === null ? '' : ` · ${bytesText(row.size)}`} · {plainText(row.engine, 60)}
        {served[0]?.context ? ` · ${served[0].context.toLocaleString('en')} tokens` : ''}
        {speed === null ? '' : ` · ${speed.toLocaleString('en', { maximumFractionDigits: 1 })} tokens/s`}
      </p>
      <p className="font-mono text-xs break-all text-muted">{plainText(row.listen, 200)}</p>
      {problem ? <Fault error={problem} /> : null}
      <div className="mt-2 flex flex-wrap items-center gap-2">
        <Link
          href={`/chat?model=${encodeURIComponent(served[0]?.model ?? name)}`}
          className="rounded border border-line px-2.5 py-1"
        >
          Chat
        </Link>
        <Button
          busy={busy}
          onClick={() =>
            void (attached ? ask('model.look', { name, attached }) : ask('model.status', { name }))
          }
        >
          Examine
        </Button>
        {attached ? null : (
          <Button busy={busy} onClick={() => void ask('model.logs', { name, lines: 200 })}>
            Log
          </Button>
        )}
        <Button look={isSure ? 'grave' : 'plain'} onClick={() => (isSure ? void remove() : setIsSure(true))}>
          {isSure ? `Yes, ${word.toLowerCase()} it` : word}
        </Button>
        <CopyButton label="copy as CLI" text={`deckhand model show ${shellWord(row.id)}`} />
      </div>
      {error ? <Fault error={error} /> : null}
      {answer ? <ServerCheck task={answer} /> : null}
    </li>
  );
}
