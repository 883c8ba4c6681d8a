import { type FormEvent, type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { TextField } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { plainText } from '../parts/words.ts';
import { type Duplicate, typedParameters } from './duplicate.ts';

/** A task by its kind and parameters, for kinds without a form of their own. The daemon checks them as always. */
export function ParametersDialog({
  like: { kind, hosts: known, params },
  onClose,
}: {
  readonly like: Extract<Duplicate, { form: 'parameters' }>;
  readonly onClose: () => void;
}): JSX.Element {
  const [, navigate] = useLocation();
  const [hosts, setHosts] = useState(known.join(','));
  const [text, setText] = useState(() => JSON.stringify(params, null, 2));
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const typed = typedParameters(text);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    if ('fault' in typed) return;
    setBusy(true);
    setError(null);
    try {
      const submitted = { kind, params: typed.params, surroundings: HERE };
      const { group } = await api.submit(hosts.trim() === '' ? submitted : { ...submitted, hosts });
      navigate(`/runs/${group}`);
      onClose();
    } catch (thrown) {
      setError(toDeckhandError(thrown));
      setBusy(false);
    }
  };
  return (
    <Overlay shape="dialog" title={`Once more: ${plainText(kind, 60)}`} onClose={onClose}>
      <form className="space-y-3" onSubmit={event => void submit(event)}>
        <TextField
          autoFocus
          label="on which servers"
          spellCheck={false}
          value={hosts}
          onChange={event => setHosts(event.target.value)}
        />
        <label className="block">
          <span className="text-xs text-muted">parameters</span>
          <textarea
            rows={Math.min(16, text.split('\n').length + 1)}
            spellCheck={false}
            value={text}
            onChange={event => setText(event.target.value)}
            className="w-full rounded border border-line bg-ground px-2 py-1 font-mono"
          />
        </label>
        {'fault' in typed ? (
          <p role="alert" className="text-bad">
            <span aria-hidden="true">✗ </span>
            {plainText(typed.fault, 200)}
          </p>
        ) : null}
        {error ? <Fault error={error} /> : null}
        <Button type="submit" look="main" busy={busy} disabled={'fault' in typed}>
          Submit
        </Button>
      </form>
    </Overlay>
  );
}
