import { type FormEvent, type JSX, useEffect, useState } from 'react';
import { DeckhandError, type ErrorRecord, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { askRun } from '../engine/ask-run.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { approvalOf } from '../parts/approval-of.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { TextField } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { asksForYes, FaultOrQuestion } from '../parts/policy-question.tsx';
import { plainText, shellWord } from '../parts/words.ts';
import { commandOf, type FolderWish, nameBefore } from './change-command.ts';
import { isPlainName } from './paths.ts';

const WORDS = {
  folder: ['New folder', 'Make it'],
  rename: ['Rename', 'Rename it'],
  delete: ['Delete', 'Delete it for good'],
} as const;

/** One change in a folder: the exact command and what the policy makes of it are shown, then a person says yes. */
export function ChangeDialog({
  host,
  wish,
  onDone,
  onClose,
}: {
  readonly host: string;
  readonly wish: FolderWish;
  readonly onDone: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const [name, setName] = useState(() => nameBefore(wish));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | ErrorRecord | null>(null);
  const [leaving] = useState(() => new AbortController());
  useEffect(() => () => leaving.abort(), [leaving]);
  const isReady = wish.wish === 'delete' || (isPlainName(name) && name !== nameBefore(wish));
  const command = isReady ? commandOf(wish, name) : '';
  const [title, word] = WORDS[wish.wish];

  const submit = async (): Promise<void> => {
    setBusy(true);
    const approval = approvalOf(error);
    setError(null);
    try {
      const params = { command, ...approval };
      const task = await askRun(
        { kind: 'ssh.execute', hosts: host, params, surroundings: HERE },
        { signal: leaving.signal, onQuestion: async () => await Promise.resolve(null) },
      );
      if (task?.state === 'succeeded') onDone();
      else setError(task?.error ?? new DeckhandError('command.failed', 'It did not succeed.'));
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
    setBusy(false);
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (!asksForYes(error)) void submit();
  };
  return (
    <Overlay shape="dialog" title={title} onClose={onClose}>
      <form className="space-y-3" onSubmit={onSubmit}>
        {wish.wish === 'delete' ? (
          <p>
            <span className="font-mono break-all">{plainText(wish.path, 1000)}</span>
            {wish.isFolder ? ' and everything in it' : ''} on {plainText(host, 60)} will be gone.
          </p>
        ) : (
          <TextField
            label="name"
            required
            value={name}
            onChange={event => {
              setName(event.target.value);
              setError(null);
            }}
          />
        )}
        {isReady ? (
          <>
            <p className="rounded bg-sunken px-2 py-1 font-mono text-xs break-all">
              $ {plainText(command, 2000)}
            </p>
            <Judgement host={host} command={command} />
          </>
        ) : null}
        {error ? (
          <FaultOrQuestion
            error={error}
            word="Yes, run exactly this"
            busy={busy}
            onYes={() => void submit()}
            asked={{ command, hosts: [host] }}
          />
        ) : null}
        <div className="flex flex-wrap items-center gap-2">
          <Button
            type="submit"
            look={wish.wish === 'delete' ? 'grave' : 'main'}
            busy={busy}
            disabled={!isReady || asksForYes(error)}
          >
            {word}
          </Button>
          <CopyButton
            label="copy as CLI"
            text={`deckhand exec ${shellWord(host)} -- ${shellWord(command)}`}
          />
        </div>
      </form>
    </Overlay>
  );
}

/** What the policy makes of it, before it is asked for. */
function Judgement({
  host,
  command,
}: {
  readonly host: string;
  readonly command: string;
}): JSX.Element | null {
  const { value } = useAnswer(
    `judged ${host} ${command}`,
    async () => await api.explainPolicy(HERE, command, host),
  );
  if (!value) return null;
  const { verdict, mode, decisions } = value;
  const now = decisions.find(each => each.mode === mode);
  return (
    <p className="text-xs text-muted">
      judged as {plainText(verdict.class, 60)}
      {verdict.risks.length > 0 ? `; risks: ${plainText(verdict.risks.join(', '), 200)}` : ''}
      {now ? `; by the policy (${now.mode}): ${now.decision}` : ''}
    </p>
  );
}
