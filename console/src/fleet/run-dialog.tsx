import { type FormEvent, type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { approvalOf } from '../parts/approval-of.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Tick } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { asksForYes, FaultOrQuestion } from '../parts/policy-question.tsx';
import { countText, plainText, shellWord } from '../parts/words.ts';

/** One command on servers that were chosen. What the policy asks about is asked here. */
export function RunDialog({
  hosts,
  like,
  onClose,
}: {
  readonly hosts: readonly string[];
  /** What stands in it already; absent: nothing. */
  readonly like?: {
    readonly command: string;
    readonly root: boolean;
    readonly more: Readonly<Record<string, unknown>>;
  };
  readonly onClose: () => void;
}): JSX.Element {
  const [, navigate] = useLocation();
  const [command, setCommand] = useState(like?.command ?? '');
  const [root, setRoot] = useState(like?.root ?? false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const { group } = await api.submit({
        kind: 'ssh.execute',
        hosts: hosts.join(','),
        params: { ...like?.more, command, root, ...approvalOf(error) },
        surroundings: HERE,
      });
      navigate(`/runs/${group}`);
      onClose();
    } catch (thrown) {
      setError(toDeckhandError(thrown));
      setBusy(false);
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    if (!asksForYes(error)) void submit();
  };
  return (
    <Overlay shape="dialog" title={`Run on ${countText(hosts.length, 'server')}`} onClose={onClose}>
      <form className="space-y-3" onSubmit={onSubmit}>
        <p className="text-muted">{plainText(hosts.join(', '), 500)}</p>
        <label className="block">
          <span className="text-xs text-muted">command</span>
          <textarea
            autoFocus
            required
            rows={3}
            spellCheck={false}
            className="w-full rounded border border-line bg-ground px-2 py-1 font-mono"
            value={command}
            onChange={event => {
              setCommand(event.target.value);
              setError(null);
            }}
          />
        </label>
        {like ? (
          <p className="text-xs text-muted">What it was given on its standard input is not kept.</p>
        ) : null}
        <Tick label="as root" checked={root} onChange={setRoot} />
        {error ? (
          <FaultOrQuestion
            error={error}
            word="Yes, run exactly this"
            busy={busy}
            onYes={() => void submit()}
            asked={{ command, hosts }}
          />
        ) : null}
        <div className="flex items-center gap-2">
          <Button type="submit" look="main" busy={busy} disabled={asksForYes(error)}>
            Run
          </Button>
          <CopyButton
            label="copy as CLI"
            text={`deckhand exec ${root ? '--root ' : ''}${shellWord(hosts.join(','))} -- ${shellWord(command)}`}
          />
        </div>
      </form>
    </Overlay>
  );
}
