import { type FormEvent, type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { countText, plainText, shellWord } from '../parts/words.ts';

/** One command on servers that were chosen. What the policy asks about is asked here. */
export function RunDialog({
  hosts,
  onClose,
}: {
  readonly hosts: readonly string[];
  readonly onClose: () => void;
}): JSX.Element {
  const [, navigate] = useLocation();
  const [command, setCommand] = useState('');
  const [root, setRoot] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const { group } = await api.submit({
        kind: 'ssh.execute',
        hosts: hosts.join(','),
        params: { command, root, ...approvalOf(error) },
        surroundings: HERE,
      });
      navigate(`/runs/${group}`);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
      setBusy(false);
    }
  };
  const asked = approvalOf(error).approval;
  return (
    <Overlay shape="dialog" title={`Run on ${countText(hosts.length, 'server')}`} onClose={onClose}>
      <form className="space-y-3" onSubmit={event => void submit(event)}>
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
        <label className="flex items-center gap-2">
          <input
            type="checkbox"
            className="size-4"
            checked={root}
            onChange={event => setRoot(event.target.checked)}
          />
          as root
        </label>
        {error ? <Fault error={error} /> : null}
        <div className="flex items-center gap-2">
          <Button type="submit" look={asked ? 'grave' : 'main'} busy={busy}>
            {asked ? 'Yes, run exactly this' : 'Run'}
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

/** A person's yes to what the policy has just asked about: bound to what it will do. */
function approvalOf(error: DeckhandError | null): {
  readonly approval?: { readonly hash: string; readonly risks: readonly string[] };
} {
  if (error?.code !== 'policy.needs-approval') return {};
  const { hash, risks } = error.details;
  if (typeof hash !== 'string') return {};
  return { approval: { hash, risks: Array.isArray(risks) ? risks.map(String) : [] } };
}
