import type { Clock } from '../../core/clock.ts';
import type { KnownModelServers } from '../../core/known-models.ts';
import type { Store } from '../../store/store.ts';
import type { Fleets } from '../fleet-access.ts';
import { ChatGateway } from './chat-gateway.ts';
import { EndpointKeeper } from './endpoint-keeper.ts';
import { ModelSources } from './model-sources.ts';

/** Everything about talking with models, in one engine. */
export interface Models extends AsyncDisposable {
  readonly sources: ModelSources;
  readonly gateway: ChatGateway;
  readonly endpoint: EndpointKeeper;
}

export function openModels(parts: {
  readonly store: Store;
  readonly fleets: Fleets;
  readonly clock: Clock;
  /** For the endpoint's token. */
  readonly folder: string;
  readonly known: () => Promise<KnownModelServers>;
}): Models {
  const sources = new ModelSources(parts);
  const gateway = new ChatGateway({ ...parts, sources });
  const endpoint = new EndpointKeeper({ ...parts, sources, pool: gateway.pool });
  return {
    sources,
    gateway,
    endpoint,
    async [Symbol.asyncDispose]() {
      await endpoint[Symbol.asyncDispose]();
      await sources[Symbol.asyncDispose]();
    },
  };
}
