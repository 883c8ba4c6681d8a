import { type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type TaskRow, toDeckhandError } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { RunDialog } from '../fleet/run-dialog.tsx';
import { Button } from '../parts/button.tsx';
import { notice } from '../parts/notice.ts';
import { canDuplicate, type Duplicate, duplicateOf } from './duplicate.ts';
import { ParametersDialog } from './parameters-dialog.tsx';

/** What was submitted together, in its form once more: to be changed, then asked for. */
export function DuplicateButton({ tasks }: { readonly tasks: readonly TaskRow[] }): JSX.Element | null {
  const [, navigate] = useLocation();
  const [busy, setBusy] = useState(false);
  const [open, setOpen] = useState<Duplicate | null>(null);
  const [first] = tasks;
  if (!first || !canDuplicate(first.kind)) return null;
  const show = async (): Promise<void> => {
    setBusy(true);
    try {
      const hosts = tasks.map(({ host }) => host).filter(host => host !== null);
      const duplicate = duplicateOf(await api.task(first.id), hosts);
      if (duplicate?.form === 'intent') {
        const { intent, policy } = duplicate;
        navigate(
          `/agent?${new URLSearchParams({ intent, policy, hosts: duplicate.hosts.join(', ') }).toString()}`,
        );
      } else if (duplicate) setOpen(duplicate);
      else notice.say('It was not made of words: there is no form to show it in.');
    } catch (thrown) {
      notice.say(toDeckhandError(thrown).message);
    }
    setBusy(false);
  };
  const close = (): void => setOpen(null);
  return (
    <>
      <Button busy={busy} onClick={() => void show()}>
        Duplicate …
      </Button>
      {open?.form === 'command' ? <RunDialog hosts={open.hosts} like={open} onClose={close} /> : null}
      {open?.form === 'parameters' ? <ParametersDialog like={open} onClose={close} /> : null}
    </>
  );
}
