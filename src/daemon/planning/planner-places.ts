import { isLoopback } from '../../core/endpoint.ts';
import type { KnownModelServers } from '../../core/known-models.ts';
import type { ModelDoor } from '../../models/door.ts';
import type { ModelServer } from '../../models/model-pool.ts';
import type { PlanningServer } from '../../models/planning/planning-server.ts';
import type { ModelServerEntry } from '../../settings/schema.ts';
import { addressOf } from '../models/address-server.ts';
import { keySource, serverKey } from '../models/server-key.ts';
import type { PlannerName } from './find-planner.ts';

/** A server that can plan: its names, and the way to it. */
export type PlannerPlace = PlannerName &
  Pick<PlanningServer, 'provider' | 'door' | 'forget' | 'isLocal' | 'keySource' | 'price'>;

/** Of this machine, in the names of deployments and of what was connected. */
const HERE = 'local';

/**
 * Everything that may be asked for plans. `servers`: the ways to what was deployed or connected and to tunnels, by name;
 * those of the settings are reached at their address.
 */
export function plannerPlaces(
  entries: readonly (readonly [string, ModelServerEntry])[],
  { deployments, attached, tunnels }: KnownModelServers,
  servers: readonly ModelServer[],
): readonly PlannerPlace[] {
  const through = (name: string): Pick<PlannerPlace, 'door' | 'forget'>[] =>
    servers
      .filter(server => server.name === name)
      .slice(0, 1)
      .map(server => ({
        door: async signal => await server.door(signal),
        forget: () => server.forget(),
      }));
  const plain = { provider: 'openai-compatible', price: null } as const;
  return [
    ...deployments.flatMap(({ host, name, keyFile }) =>
      through(`${host}/${name}`).map(way => ({
        ...plain,
        ...way,
        name: `${host}/${name}`,
        models: [name],
        isOneModel: true,
        isLocal: host === HERE,
        keySource: host === HERE ? `the key file ${keyFile}` : `the key file ${keyFile} of ${host}`,
      })),
    ),
    ...attached.flatMap(({ host, name, models, keyFile, listen }) =>
      through(`${host}/${name}`).map(way => ({
        ...plain,
        ...way,
        name: `${host}/${name}`,
        models,
        isOneModel: false,
        isLocal: host === HERE && isLoopback(listen),
        keySource: keySource({ keyFile: keyFile ?? undefined }),
      })),
    ),
    ...entries.map(([name, entry]) => placeOfEntry(name, entry)),
    ...tunnels.flatMap(({ name }) =>
      through(name).map(way => ({
        ...plain,
        ...way,
        name,
        models: [],
        isOneModel: false,
        isLocal: false,
        keySource: null,
      })),
    ),
  ];
}

/** Of the settings: nothing is found out about it first, and its key is read anew for each request. */
function placeOfEntry(name: string, entry: ModelServerEntry): PlannerPlace {
  const { dial, base, headers } = addressOf(name, entry);
  const { hostname } = new URL(entry.url);
  return {
    name,
    models: [],
    isOneModel: false,
    provider: entry.provider,
    price: entry.price ?? null,
    isLocal: isLoopback({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: 0 }),
    keySource: keySource(entry),
    forget: () => undefined,
    async door(): Promise<ModelDoor> {
      const key = await serverKey(name, entry, process.env);
      return { name, base, headers, dial, key: () => key, resumes: false, pingInterval: null };
    },
  };
}
