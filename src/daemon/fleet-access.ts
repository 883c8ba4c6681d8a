import { homedir } from 'node:os';
import type { PersonPrompts } from '../api/contract.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type CachedFacts, type FactsCache, openFactsCache } from '../fleet/facts-cache.ts';
import { collectFacts } from '../fleet/facts.ts';
import type { Facts } from '../fleet/facts-schema.ts';
import { type FleetHost, type Inventory, loadInventory } from '../fleet/inventory.ts';
import { inventoryResolver } from '../fleet/resolve.ts';
import { selectHosts } from '../fleet/selectors.ts';
import { loadSettings } from '../settings/load.ts';
import type { Settings } from '../settings/merge.ts';
import { deckhandPaths } from '../settings/paths.ts';
import { ConnectionPool } from '../ssh/connection-pool.ts';
import type { ConnectOptions, SshConnection } from '../ssh/connection.ts';
import type { ResolveHost } from '../ssh/resolved-host.ts';
import { ssh2Engine } from '../ssh/ssh2-engine.ts';
import type { HostAbilities } from '../tasks/agent-run.ts';
import { HostDoor } from '../tasks/host-door.ts';

export interface FleetAccessOptions {
  readonly prompts: PersonPrompts;
  readonly settingsFile?: string;
  readonly sshConfigFile?: string;
  readonly overrides?: Readonly<Record<string, string>>;
}

/** Settings, hosts and connections of one engine: everything that stands between a name and a shell. */
export class FleetAccess implements AsyncDisposable {
  readonly settings: Settings;
  readonly inventory: Inventory;
  readonly resolve: ResolveHost;
  readonly connectOptions: Omit<ConnectOptions, 'signal'>;
  readonly #prompts: PersonPrompts;
  readonly #pool: ConnectionPool;
  readonly #factsCache: FactsCache;

  private constructor(settings: Settings, inventory: Inventory, options: FleetAccessOptions) {
    const { prompts, sshConfigFile } = options;
    this.settings = settings;
    this.inventory = inventory;
    this.#prompts = prompts;
    this.resolve = inventoryResolver(
      inventory,
      sshConfigFile === undefined ? {} : { configFile: sshConfigFile },
    );
    this.connectOptions = {
      connectTimeout: settings.values['timeouts.connect'],
      credentials: {
        ...(prompts.password ? { password: prompts.password } : {}),
        ...(prompts.passphrase ? { passphrase: prompts.passphrase } : {}),
      },
      hostKeys: { acceptUnknown: async (host, key) => (await prompts.acceptHostKey?.(host, key)) ?? false },
      resolve: this.resolve,
    };
    this.#pool = new ConnectionPool({
      engine: ssh2Engine,
      resolve: this.resolve,
      options: this.connectOptions,
    });
    this.#factsCache = openFactsCache(deckhandPaths(process.env, homedir()).cache, systemClock);
  }

  static async open(options: FleetAccessOptions): Promise<FleetAccess> {
    const settings = await loadSettings({
      folder: process.cwd(),
      home: homedir(),
      environment: process.env,
      flags: options.overrides ?? {},
      ...(options.settingsFile === undefined ? {} : { file: options.settingsFile }),
    });
    const inventory = await loadInventory(settings, homedir(), options.sshConfigFile);
    return new FleetAccess(settings, inventory, options);
  }

  select(selector: string): readonly FleetHost[] {
    return selectHosts(this.inventory, selector);
  }

  /** The shared connection to a host. */
  async connect(host: string, signal: AbortSignal): Promise<SshConnection> {
    return await this.#pool.use(host, signal);
  }

  door(): HostDoor {
    const { sudoPassword } = this.#prompts;
    return new HostDoor({
      connect: async (host, signal) => await this.connect(host, signal),
      clock: systemClock,
      ...(sudoPassword ? { sudoPassword } : {}),
    });
  }

  /** Facts from the cache while they are young enough and the host key is the same; else asked (one round trip). */
  async facts(
    host: string,
    refresh: boolean,
    signal: AbortSignal,
  ): Promise<CachedFacts & { readonly asked: boolean }> {
    const connection = await this.connect(host, signal);
    const { fingerprint } = connection.hostKey;
    if (!refresh) {
      const cached = await this.#factsCache.read(host, {
        maxAge: this.settings.values['facts.maxAge'],
        fingerprint,
      });
      if (cached) return { ...cached, asked: false };
    }
    const facts: Facts = await collectFacts(connection, signal, systemClock);
    await this.#factsCache.write(host, fingerprint, facts);
    return { facts, fingerprint, age: 0, asked: true };
  }

  async abilities(host: string, signal: AbortSignal): Promise<HostAbilities> {
    const { facts, asked } = await this.facts(host, false, signal);
    if (facts.os.kernelName !== 'Linux') {
      throw new DeckhandError(
        'host.unsupported',
        `${host}: typed states need Linux; this is ${facts.os.kernelName}.`,
      );
    }
    return { family: facts.os.family, systemd: facts.init === 'systemd', roundTrips: asked ? 1 : 0 };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}
