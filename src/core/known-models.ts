import type { AttachedModel } from './attached-model.ts';
import type { Endpoint } from './endpoint.ts';
import type { Deployment } from './model-params.ts';

/** Model servers that the engine remembers, as an executor is told of them. Never a secret. */
export interface KnownModelServers {
  readonly deployments: readonly Deployment[];
  readonly attached: readonly AttachedModel[];
  /** Tunnels to a server of something: where they listen on this machine. */
  readonly tunnels: readonly { readonly name: string; readonly listening: Endpoint }[];
}
