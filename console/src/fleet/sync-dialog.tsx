import { type FormEvent, type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { TextField } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { countText, shellWord } from '../parts/words.ts';

/** A folder of the daemon's machine to servers that were chosen; what would change is looked at first. */
export function SyncDialog({
  hosts,
  onClose,
}: {
  readonly hosts: readonly string[];
  readonly onClose: () => void;
}): JSX.Element {
  const [, navigate] = useLocation();
  const [local, setLocal] = useState('');
  const [remote, setRemote] = useState('');
  const [error, setError] = useState<DeckhandError | null>(null);
  const submit = async (dryRun: boolean): Promise<void> => {
    setError(null);
    try {
      const { group } = await api.submit({
        kind: 'scp.sync',
        hosts: hosts.join(','),
        params: { local, remote, direction: 'push', dryRun, diff: dryRun },
        surroundings: HERE,
      });
      navigate(`/runs/${group}`);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
  };
  const onSubmit = (event: FormEvent): void => {
    event.preventDefault();
    void submit(true);
  };
  const [only = ''] = hosts;
  return (
    <Overlay shape="dialog" title={`Sync to ${countText(hosts.length, 'server')}`} onClose={onClose}>
      <form className="space-y-3" onSubmit={onSubmit}>
        <TextField
          autoFocus
          required
          label="folder on this machine, absolute"
          value={local}
          onChange={event => setLocal(event.target.value)}
        />
        <TextField
          required
          label="folder on the server"
          value={remote}
          onChange={event => setRemote(event.target.value)}
        />
        {error ? <Fault error={error} /> : null}
        <div className="flex flex-wrap items-center gap-2">
          <Button type="submit" look="main">
            Look what would change
          </Button>
          <Button onClick={() => void submit(false)} disabled={local === '' || remote === ''}>
            Sync
          </Button>
          <CopyButton
            label="copy as CLI"
            text={`deckhand sync ${shellWord(local)} ${shellWord(`${only}:${remote}`)}`}
          />
        </div>
      </form>
    </Overlay>
  );
}
