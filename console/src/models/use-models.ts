import { useMemo } from 'react';
import type { EndpointView, TunnelView } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { type ModelRow, modelRows } from './model-rows.ts';

interface Known {
  readonly deployments: Awaited<ReturnType<typeof api.deployments>>;
  readonly attached: Awaited<ReturnType<typeof api.attachedModels>>;
  readonly tunnels: readonly TunnelView[];
  readonly endpoint: EndpointView | null;
}

/** Model servers and the ways to them; read anew when a task about one ends. What they serve is asked of them. */
export function useModels(): {
  readonly rows: readonly ModelRow[];
  readonly known: Answer<Known>;
  readonly isAsking: boolean;
  readonly reload: () => void;
} {
  const known = useAnswer<Known>('models', async () => {
    const [deployments, attached, tunnels, endpoint] = await Promise.all([
      api.deployments(),
      api.attachedModels(),
      api.tunnels(),
      api.endpoint(),
    ]);
    return { deployments, attached, tunnels, endpoint };
  });
  const served = useAnswer('served models', async () => await api.servedModels(HERE));
  const reload = (): void => {
    known.reload();
    served.reload();
  };
  useChanges(change => {
    if (change.item !== 'tasks') return;
    const kinds = change.tasks.filter(task => task.finishedAt !== null).map(({ kind }) => kind);
    if (kinds.some(kind => /^model\.(deploy|remove|rollback|connect|disconnect)/.test(kind))) reload();
    else if (change.tasks.some(({ kind }) => kind === 'ssh.tunnel')) known.reload();
  });
  const { deployments, attached } = known.value ?? { deployments: [], attached: [] };
  const rows = useMemo(
    () => modelRows(deployments, attached, served.value ?? []),
    [deployments, attached, served.value],
  );
  return { rows, known, isAsking: served.asking, reload };
}
