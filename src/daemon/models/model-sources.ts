import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import type { KnownModelServers } from '../../core/known-models.ts';
import type { Deployment } from '../../core/model-params.ts';
import type { Surroundings } from '../../core/task.ts';
import type { ModelServer } from '../../models/model-pool.ts';
import type { ModelServerEntry } from '../../settings/schema.ts';
import type { FleetAccess, Fleets } from '../fleet-access.ts';
import { AddressServer, addressOf, dialEndpoint } from './address-server.ts';
import { attachedParts } from './attached-server.ts';
import { DeployedServer, PING } from './deployed-server.ts';

/** The host of what was deployed to this machine, without SSH. */
const HERE = 'local';

export interface ModelSourcesParts {
  readonly known: () => Promise<KnownModelServers>;
  readonly fleets: Fleets;
  readonly clock: Clock;
}

/**
 * Every model server that is known: those deployed from here, those connected, those of the settings, and tunnels to a server
 * of something. What was opened stays open until its server is gone.
 */
export class ModelSources implements AsyncDisposable {
  readonly #parts: ModelSourcesParts;
  readonly #deployed = new Map<string, DeployedServer>();
  /** Another one has their place; what is open ends by itself. */
  readonly #leaving = new Set<DeployedServer>();
  readonly #others = new Map<string, AddressServer>();
  #folder: Promise<string> | null = null;
  #sockets = 0;

  constructor(parts: ModelSourcesParts) {
    this.#parts = parts;
  }

  /** As whoever stands there sees them. Throws `settings.invalid`. */
  async servers(surroundings: Surroundings): Promise<readonly ModelServer[]> {
    return await this.among(surroundings, await this.#parts.known());
  }

  /** The same of servers that are known already. */
  async among(
    surroundings: Surroundings,
    { deployments, attached, tunnels }: KnownModelServers,
  ): Promise<readonly ModelServer[]> {
    const fleet = await this.#parts.fleets.at(surroundings);
    const here = JSON.stringify(surroundings);
    return [
      ...(await this.#ofDeployments(
        here,
        fleet,
        deployments.filter(each => each.host !== HERE),
      )),
      ...deployments.filter(each => each.host === HERE).map(each => this.#ofThisMachine(each)),
      ...[...fleet.settings.modelServers].flatMap(([name, { value }]) =>
        value.provider === 'openai-compatible' ? [this.#ofAddress(name, value)] : [],
      ),
      ...attached.map(each =>
        this.#other(JSON.stringify([here, each]), () => new AddressServer(attachedParts(each, fleet))),
      ),
      ...tunnels.map(each => this.#ofTunnel(each)),
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
        if (server) this.#retire(server);
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

  #retire(server: DeployedServer): void {
    this.#leaving.add(server);
    void server.retire().then(() => this.#leaving.delete(server));
  }

  #ofThisMachine({ name, engine, listen, keyFile, release }: Deployment): AddressServer {
    return this.#other(
      JSON.stringify([HERE, name, listen, release]),
      () =>
        new AddressServer({
          name: `${HERE}/${name}`,
          kind: 'deployment',
          promises: [name],
          pingInterval: engine === 'llama.cpp' ? PING : null,
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

  #ofTunnel({ name, listening }: KnownModelServers['tunnels'][number]): AddressServer {
    return this.#other(
      JSON.stringify([name, listening]),
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
    );
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
    const all = [...this.#deployed.values(), ...this.#leaving];
    await Promise.all(all.map(async server => await server[Symbol.asyncDispose]()));
    if (this.#folder) rmSync(await this.#folder, { recursive: true, force: true });
  }
}

/** A new release behind the same address is the same server: its tunnel and what runs through it stay. */
function isSame(a: Deployment, b: Deployment): boolean {
  return JSON.stringify(a.listen) === JSON.stringify(b.listen) && a.folder === b.folder;
}
