import type { Duplex } from 'node:stream';
import type { Clock } from '../../core/clock.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { Deployment } from '../../core/model-params.ts';
import { llamaCpp } from '../../engines/adapters/llama-cpp.ts';
import { layoutOf } from '../../engines/deploy/layout.ts';
import { readKey } from '../../engines/deploy/run-checked.ts';
import { sshSite } from '../../engines/deploy/ssh-site.ts';
import { engineHttp } from '../../engines/engine-http.ts';
import type { ModelDoor } from '../../models/door.ts';
import type { ModelServer } from '../../models/model-pool.ts';
import { slotsOf } from '../../models/served-models.ts';
import { NOBODY } from '../../tasks/host-access.ts';
import { KEEP_ALIVE, Tunnel } from '../../tunnels/tunnel.ts';
import type { FleetAccess } from '../fleet-access.ts';
import { Learned } from './learned.ts';

/** Milliseconds between comments of a deployed server's streams, as it is started with. */
export const PING = 3_000;
/** Milliseconds that finding out key and abilities may take: a host may be held for 15 seconds. */
const LEARN_LIMIT = 45_000;

const GONE = new DeckhandError('command.cancelled', 'The model server is not there any more.');

export interface DeployedServerParts {
  readonly deployment: Deployment;
  readonly fleet: FleetAccess;
  readonly clock: Clock;
  /** Where the tunnel's own socket lies, which only this account can enter. */
  readonly socket: string;
}

interface Abilities {
  readonly key: string;
  readonly resumes: boolean;
}

/** A model server that was deployed from here, through a tunnel of its own that outlives faults of the network. */
export class DeployedServer implements ModelServer, AsyncDisposable {
  readonly kind = 'deployment';
  readonly name: string;
  readonly promises: readonly string[];
  readonly #parts: DeployedServerParts;
  readonly #tunnel: Learned<Tunnel>;
  readonly #abilities: Learned<Abilities>;
  readonly #opened: Tunnel[] = [];
  #slots: number | null;
  #deployment: Deployment;
  readonly #gone = new AbortController();
  readonly #closed = Promise.withResolvers<void>();
  /** Connections to it that are open. */
  #streams = 0;

  constructor(parts: DeployedServerParts) {
    const { deployment } = parts;
    this.#parts = parts;
    this.#deployment = deployment;
    this.name = `${deployment.host}/${deployment.name}`;
    this.promises = [deployment.name];
    this.#slots = deployment.params.slots ?? null;
    this.#tunnel = new Learned(LEARN_LIMIT, async () => await this.#open());
    this.#abilities = new Learned(LEARN_LIMIT, async signal => await this.#learn(signal));
  }

  get deployment(): Deployment {
    return this.#deployment;
  }
  get slots(): number | null {
    return this.#slots;
  }
  get isGone(): boolean {
    return this.#gone.signal.aborted;
  }

  async door(signal: AbortSignal): Promise<ModelDoor> {
    const tunnel = await this.#tunnel.get(signal);
    const { key, resumes } = await this.#abilities.get(signal);
    return this.#doorWith(tunnel, key, resumes);
  }

  /** As it is remembered now: another release may have another key, other slots, other abilities. */
  renew(deployment: Deployment): void {
    if (deployment.release !== this.#deployment.release) this.#abilities.forget();
    this.#deployment = deployment;
  }

  /** A tunnel that no longer tries is opened anew: a person may have mended what kept it. */
  forget(): void {
    this.#abilities.forget();
    for (const tunnel of this.#opened.filter(({ link }) => link === 'needs-attention')) {
      this.#tunnel.forget();
      this.#opened.splice(this.#opened.indexOf(tunnel), 1);
      void tunnel.close();
    }
  }

  async #open(): Promise<Tunnel> {
    const { deployment, fleet, clock, socket } = this.#parts;
    const tunnel = await Tunnel.open({
      host: deployment.host,
      forward: { kind: 'local', listen: { path: socket }, target: deployment.listen },
      connect: async options => {
        await fleet.refresh();
        const resolved = await fleet.resolve(deployment.host, options.signal);
        const base = fleet.connectOptions(NOBODY);
        return await fleet.engine.connect(resolved, { ...base, ...options, keepAliveInterval: KEEP_ALIVE });
      },
      clock,
      random: Math.random,
      protocol: 'http',
    });
    this.#opened.push(tunnel);
    return tunnel;
  }

  async #learn(signal: AbortSignal): Promise<Abilities> {
    const { deployment, fleet, clock } = this.#parts;
    const [tunnel, connection] = await Promise.all([
      this.#tunnel.get(signal),
      fleet.connect(deployment.host, NOBODY, signal),
    ]);
    const site = sshSite(connection, { clock, id: 'chat' });
    const base = /^(.*)\/llm\/[^/]+$/.exec(deployment.folder)?.[1];
    if (base === undefined)
      throw new DeckhandError('internal.defect', `${this.name}: its folder is not where it should be.`);
    const key = await readKey(site, layoutOf(base, deployment.name), signal);
    const door = this.#doorWith(tunnel, key, false);
    const http = engineHttp(async dialSignal => await tunnel.connect(dialSignal));
    const [slots, { resume }] = await Promise.all([
      slotsOf(door, signal),
      llamaCpp.abilities({ http, key, signal }),
    ]);
    this.#slots = slots ?? this.#slots;
    return { key, resumes: resume };
  }

  #doorWith(tunnel: Tunnel, key: string, resumes: boolean): ModelDoor {
    return {
      name: this.name,
      base: '',
      key: () => key,
      headers: {},
      resumes,
      // others say nothing while they think
      pingInterval: this.#deployment.engine === 'llama.cpp' ? PING : null,
      dial: async signal => await this.#dial(tunnel, signal),
    };
  }

  async #dial(tunnel: Tunnel, signal: AbortSignal): Promise<Duplex> {
    const stream = await tunnel.connect(AbortSignal.any([signal, this.#gone.signal]));
    this.#streams += 1;
    stream.once('close', () => {
      this.#streams -= 1;
      if (this.isGone) this.#closeWhenIdle();
    });
    return stream;
  }

  /** It listens elsewhere now: who waits for it is sent away, what is open ends by itself. Resolves when all has. */
  async retire(): Promise<void> {
    this.#gone.abort(GONE);
    this.#closeWhenIdle();
    await this.#closed.promise;
  }

  #closeWhenIdle(): void {
    if (this.#streams > 0) return;
    void Promise.allSettled(this.#opened.map(async tunnel => await tunnel.close())).then(() =>
      this.#closed.resolve(),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gone.abort(GONE);
    await Promise.allSettled(this.#opened.map(async tunnel => await tunnel.close()));
    this.#closed.resolve();
  }
}
