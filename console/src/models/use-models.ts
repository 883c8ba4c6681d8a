import { useEffect, useMemo } from 'react';
import type { EndpointView, TunnelView } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';
import { useChanges } from '../engine/use-live.ts';
import { changesServers, useServed } from './use-served.ts';
import { mayServeSoon, type ModelRow, modelRows } from './model-rows.ts';

/** Milliseconds until a server that does not answer is asked again. */
const ASK_AGAIN = 10_000;

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
  const served = useServed();
  const reload = (): void => {
    known.reload();
    served.reload();
  };
  useChanges(change => {
    // its state is told with the task that is the tunnel
    const isTunnel = change.item === 'tasks' && change.tasks.some(({ kind }) => kind === 'ssh.tunnel');
    if (isTunnel || changesServers(change)) known.reload();
  });
  const { deployments, attached } = known.value ?? { deployments: [], attached: [] };
  const rows = useMemo(
    () => modelRows(deployments, attached, served.value ?? []),
    [deployments, attached, served.value],
  );
  // one that was busy, or just begins, says nothing by itself when it is free
  const isSilent = rows.some(mayServeSoon);
  const { reload: askServed, asking } = served;
  useEffect(() => {
    if (!isSilent || asking) return undefined;
    const timer = setInterval(() => {
      if (!document.hidden) askServed();
    }, ASK_AGAIN);
    return () => clearInterval(timer);
  }, [isSilent, asking, askServed]);
  return { rows, known, isAsking: served.asking, reload };
}
