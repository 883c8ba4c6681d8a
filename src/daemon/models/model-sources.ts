import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TunnelView } from '../../api/contract.ts';
import type { Clock } from '../../core/clock.ts';
import type { Deployment } from '../../core/model-params.ts';
import type { Surroundings } from '../../core/task.ts';
import type { ModelServer } from '../../models/model-pool.ts';
import type { ModelServerEntry } from '../../settings/schema.ts';
import type { Store } from '../../store/store.ts';
import type { FleetAccess, Fleets } from '../fleet-access.ts';
import { AddressServer, addressOf, dialEndpoint } from './address-server.ts';
import { attachedParts } from './attached-server.ts';
import { DeployedServer, PING } from './deployed-server.ts';

/** The host of what was deployed to this machine, without SSH. */
const HERE = 'local';

export interface ModelSourcesParts {
  readonly store: Store;
  readonly fleets: Fleets;
  readonly clock: Clock;
  readonly tunnels: () => Promise<readonly TunnelView[]>;
}

/**
 * Every model server that is known: those deployed from here, those connected, those of the settings, and tunnels whose target is
 * looked at by a path (they lead to a server of something). What was opened stays open until its server is gone.
 */
export class ModelSources implements AsyncDisposable {
  readonly #parts: ModelSourcesParts;
  readonly #deployed = new Map<string, DeployedServer>();
  readonly #others = new Map<string, AddressServer>();
  #folder: Promise<string> | null = null;
  #sockets = 0;

  constructor(parts: ModelSourcesParts) {
    this.#parts = parts;
  }

  /** As whoever stands there sees them. Throws `settings.invalid`. */
  async servers(surroundings: Surroundings): Promise<readonly ModelServer[]> {
    const { store, fleets, tunnels } = this.#parts;
    const fleet = await fleets.at(surroundings);
    const [deployments, attached, views] = await Promise.all([
      store.deployments(),
      store.attachedModels(),
      tunnels(),
    ]);
    const here = JSON.stringify(surroundings);
    return [
      ...(await this.#ofDeployments(
        here,
        fleet,
        deployments.filter(each => each.host !== HERE),
      )),
      ...deployments.filter(each => each.host === HERE).map(each => this.#ofThisMachine(each)),
      ...[...fleet.settings.modelServers].map(([name, { value }]) => this.#ofAddress(name, value)),
      ...attached.map(each =>
        this.#other(JSON.stringify([here, each]), () => new AddressServer(attachedParts(each, fleet))),
      ),
      ...views.flatMap(view => this.#ofTunnel(view)),
    ];
  }

  async #ofDeployments(
    here: string,
    fleet: FleetAccess,
    deployments: readonly Deployment[],
  ): Promise<readonly DeployedServer[]> {
    const found: DeployedServer[] = [];
    const known = new Set<string>();
    for (const deployment of deployments) {
      const key = `${here} ${deployment.host}/${deployment.name}`;
      known.add(key);
      let server = this.#deployed.get(key);
      if (!server || !isSame(server.deployment, deployment)) {
        await server?.[Symbol.asyncDispose]();
        server = new DeployedServer({
          deployment,
          fleet,
          clock: this.#parts.clock,
          socket: await this.#socket(),
        });
        this.#deployed.set(key, server);
      }
      server.renew(deployment);
      found.push(server);
    }
    for (const [key, server] of this.#deployed)
      if (key.startsWith(`${here} `) && !known.has(key)) {
        this.#deployed.delete(key);
        void server[Symbol.asyncDispose]();
      }
    return found;
  }

  #ofThisMachine({ name, listen, keyFile, release }: Deployment): AddressServer {
    return this.#other(
      JSON.stringify([HERE, name, listen, release]),
      () =>
        new AddressServer({
          name: `${HERE}/${name}`,
          kind: 'deployment',
          promises: [name],
          pingInterval: PING,
          dial: async signal => await dialEndpoint(listen, signal),
          base: '',
          headers: {},
          keyFile,
        }),
    );
  }

  #ofAddress(name: string, entry: ModelServerEntry): AddressServer {
    return this.#other(JSON.stringify([name, entry]), () => new AddressServer(addressOf(name, entry)));
  }

  #ofTunnel({ name, forward, state, status }: TunnelView): readonly AddressServer[] {
    const listening = status?.listening ?? null;
    const isWatched = status !== null && status.health.latency !== null && status.health.text !== '';
    if (forward.kind !== 'local' || state !== 'up' || !listening || !isWatched) return [];
    const key = JSON.stringify([name, listening]);
    return [
      this.#other(
        key,
        () =>
          new AddressServer({
            name,
            kind: 'tunnel',
            promises: [],
            pingInterval: null,
            dial: async signal => await dialEndpoint(listening, signal),
            base: '',
            headers: {},
            keyFile: undefined,
          }),
      ),
    ];
  }

  #other(key: string, make: () => AddressServer): AddressServer {
    const server = this.#others.get(key) ?? make();
    this.#others.set(key, server);
    return server;
  }

  /** A path that is short enough for a socket, in a folder of this account alone. */
  async #socket(): Promise<string> {
    this.#folder ??= mkdtemp(join(tmpdir(), 'deckhand-'));
    this.#sockets += 1;
    return join(await this.#folder, `${this.#sockets}.sock`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#deployed.values()].map(async server => await server[Symbol.asyncDispose]()));
    if (this.#folder) rmSync(await this.#folder, { recursive: true, force: true });
  }
}

/** A new release behind the same address is the same server: its tunnel and what runs through it stay. */
function isSame(a: Deployment, b: Deployment): boolean {
  return JSON.stringify(a.listen) === JSON.stringify(b.listen) && a.folder === b.folder;
}
