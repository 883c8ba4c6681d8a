import type { Change, ServedModelView } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';

/** What model servers serve now: they are asked anew when there may be another one, or one less. */
export function useServed(): Answer<readonly ServedModelView[]> {
  const served = useAnswer('served models', async () => await api.servedModels(HERE));
  useChanges(change => {
    if (changesServers(change)) served.reload();
  });
  return served;
}

/** May there be other model servers after this? */
export function changesServers(change: Change): boolean {
  if (change.item !== 'tasks') return change.item === 'many';
  return change.tasks.some(
    ({ kind, finishedAt }) =>
      finishedAt !== null && /^model\.(deploy|remove|rollback|connect|disconnect)/.test(kind),
  );
}
