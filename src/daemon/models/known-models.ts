import type { TunnelView } from '../../api/contract.ts';
import type { KnownModelServers } from '../../core/known-models.ts';
import type { Store } from '../../store/store.ts';

/** What the engine remembers of model servers. A tunnel whose target is looked at by a path leads to one. */
export async function knownModels(
  store: Pick<Store, 'deployments' | 'attachedModels'>,
  tunnels: () => Promise<readonly TunnelView[]>,
): Promise<KnownModelServers> {
  const [deployments, attached, views] = await Promise.all([
    store.deployments(),
    store.attachedModels(),
    tunnels(),
  ]);
  return { deployments, attached, tunnels: views.flatMap(leading) };
}

function leading({ name, forward, state, status }: TunnelView): KnownModelServers['tunnels'] {
  const listening = status?.listening ?? null;
  const isWatched = status !== null && status.health.latency !== null && status.health.text !== '';
  if (forward.kind !== 'local' || state !== 'up' || !listening || !isWatched) return [];
  return [{ name, listening }];
}
