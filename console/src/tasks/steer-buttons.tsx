import { type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import type { TaskRow } from 'deckhand/client';
import { Button } from '../parts/button.tsx';
import { sensible, steer, type Verb } from './steer.ts';

const WORDS: Readonly<Record<Verb, string>> = {
  cancel: 'Cancel',
  pause: 'Pause',
  resume: 'Resume',
  retry: 'Retry what failed',
};

/** Buttons for what makes sense with these tasks now. */
export function SteerButtons({
  tasks,
  ids,
}: {
  readonly tasks: readonly TaskRow[];
  /** Of tasks or groups. */
  readonly ids: readonly string[];
}): JSX.Element {
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState<Verb | null>(null);
  const act = async (verb: Verb): Promise<void> => {
    setBusy(verb);
    const group = await steer(verb, ids);
    setBusy(null);
    if (group !== null && ids.length === 1) navigate(`/runs/${group}`);
  };
  return (
    <>
      {sensible(tasks).map(verb => (
        <Button
          key={verb}
          look={verb === 'cancel' ? 'grave' : 'plain'}
          busy={busy === verb}
          onClick={() => void act(verb)}
        >
          {WORDS[verb]}
        </Button>
      ))}
    </>
  );
}
