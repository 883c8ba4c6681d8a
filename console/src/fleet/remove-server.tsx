import { type JSX, useState } from 'react';
import { type DeckhandError, toDeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { notice } from '../parts/notice.ts';
import type { HostRow } from './host-rows.ts';

/** Takes a server out of deckhand.yaml. What is only in ~/.ssh/config is not ours to remove. */
export function RemoveServer({
  row: { name, source },
  onRemoved,
}: {
  readonly row: Pick<HostRow, 'name' | 'source'>;
  readonly onRemoved: () => void;
}): JSX.Element | null {
  const [isSure, setIsSure] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  if (!source.startsWith('deckhand.yaml')) return null;
  const remove = async (): Promise<void> => {
    try {
      const { file, remains } = await api.removeHost(HERE, name);
      notice.say(`${name} is out of ${file}${remains ? '; ~/.ssh/config still names it' : ''}.`);
      onRemoved();
    } catch (thrown) {
      setError(toDeckhandError(thrown));
    }
  };
  return (
    <>
      <Button look={isSure ? 'grave' : 'plain'} onClick={() => (isSure ? void remove() : setIsSure(true))}>
        {isSure ? 'Yes, forget this server' : 'Remove'}
      </Button>
      {error ? <Fault error={error} /> : null}
    </>
  );
}
