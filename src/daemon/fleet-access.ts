import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../core/clock.ts';
import type { Surroundings } from '../core/task.ts';
import { type CachedFacts, type FactsCache, openFactsCache } from '../fleet/facts-cache.ts';
import { collectFacts } from '../fleet/facts.ts';
import type { Facts } from '../fleet/facts-schema.ts';
import { type FleetHost, type Inventory, loadInventory } from '../fleet/inventory.ts';
import { inventoryResolver } from '../fleet/resolve.ts';
import { selectHosts } from '../fleet/selectors.ts';
import { loadSettings, settingsFilesOf, type SettingsPlaces } from '../settings/load.ts';
import type { Settings } from '../settings/merge.ts';
import { deckhandPaths } from '../settings/paths.ts';
import { chooseEngine, createAutomaticEngine } from '../ssh/choose-engine.ts';
import { ConnectionPool } from '../ssh/connection-pool.ts';
import { KeptConnections, type LentConnection } from '../ssh/kept-connections.ts';
import type { ConnectOptions, SshConnection, SshEngine } from '../ssh/connection.ts';
import { opensshEngine } from '../ssh/openssh/openssh-engine.ts';
import type { ResolveHost } from '../ssh/resolved-host.ts';
import { ssh2Engine } from '../ssh/ssh2-engine.ts';
import type { TaskPrompts } from '../tasks/host-access.ts';
import { SpoolKeeper } from './spool-keeper.ts';

/**
 * Milliseconds that settings and inventory count as read while their own files are as they were: files that those
 * include are not looked at.
 */
const FRESH = 2000;
/** Milliseconds that a connection for large files waits for the next one: opening it takes a fifth of a second. */
const BULK_KEPT = 60_000;

/** Who is asked while a connection is made. */
export type ConnectPrompts = Pick<ConnectOptions, 'credentials' | 'hostKeys'>;

interface Known {
  readonly settings: Settings;
  readonly inventory: Inventory;
  readonly readAt: number;
  /** How the files looked before they were read. */
  readonly marks: string;
}

/** Settings, hosts and connections for one kind of surroundings: everything between a name and a shell. */
export class FleetAccess implements AsyncDisposable {
  readonly resolve: ResolveHost;
  /** Takes for each host the engine that can serve it. */
  readonly engine: SshEngine = createAutomaticEngine({ ssh2: ssh2Engine, openssh: opensshEngine });
  readonly #surroundings: Surroundings;
  readonly #pool: ConnectionPool;
  readonly #bulk = new KeptConnections({ clock: systemClock, keepFor: BULK_KEPT });
  readonly #factsCache: FactsCache;
  readonly #spools = new SpoolKeeper(systemClock);
  #known: Known;
  #reading: Promise<void> | undefined;

  private constructor(surroundings: Surroundings, known: Known) {
    const { sshConfigFile, agentSocket } = surroundings;
    this.#surroundings = surroundings;
    this.#known = known;
    this.resolve = inventoryResolver(() => this.#known.inventory, {
      ...(sshConfigFile === undefined ? {} : { configFile: sshConfigFile }),
      ...(agentSocket === undefined ? {} : { agentSocket }),
    });
    this.#pool = new ConnectionPool({
      engine: this.engine,
      resolve: this.resolve,
      options: {
        connectTimeout: known.settings.values['timeouts.connect'],
        hostKeys: { acceptUnknown: () => Promise.resolve(false) },
      },
    });
    this.#factsCache = openFactsCache(deckhandPaths(process.env, homedir()).cache, systemClock);
  }

  static async open(surroundings: Surroundings): Promise<FleetAccess> {
    return new FleetAccess(surroundings, await readFleet(surroundings));
  }

  get settings(): Settings {
    return this.#known.settings;
  }
  get inventory(): Inventory {
    return this.#known.inventory;
  }

  /** Reads settings and inventory again when their files are others, or were not read a moment ago, or at once. */
  async refresh(now = false): Promise<void> {
    if (now) return await this.#read();
    // hundreds of tasks may begin in the same moment: one of them reads
    this.#reading ??= this.#readWhenStale().finally(() => {
      this.#reading = undefined;
    });
    await this.#reading;
  }

  async #readWhenStale(): Promise<void> {
    const { readAt, marks } = this.#known;
    const isYoung = systemClock.monotonic() - readAt <= FRESH;
    if (isYoung && marks === (await marksOf(this.#surroundings))) return;
    await this.#read();
  }

  async #read(): Promise<void> {
    this.#known = await readFleet(this.#surroundings);
  }

  /** Throws `fleet.unknown-host`, which it believes only of files it read just now. */
  async select(selector: string): Promise<readonly FleetHost[]> {
    await this.refresh();
    try {
      return selectHosts(this.#known.inventory, selector);
    } catch {
      await this.refresh(true);
      return selectHosts(this.#known.inventory, selector);
    }
  }

  /** Options of a connection that is not shared. */
  connectOptions(prompts: TaskPrompts): Omit<ConnectOptions, 'signal'> {
    const connectTimeout = this.settings.values['timeouts.connect'];
    return { connectTimeout, resolve: this.resolve, ...connectPrompts(prompts) };
  }

  /** The shared connection to a host. */
  async connect(host: string, prompts: TaskPrompts, signal: AbortSignal): Promise<SshConnection> {
    const connection = await this.#pool.use(host, signal, connectPrompts(prompts));
    this.#spools.see(connection, this.settings.values['timeouts.lost']);
    return connection;
  }

  /**
   * One more connection to a host that is connected already, by the system's client, if nobody has to be asked for it.
   * Null: it is not wanted or cannot be had; the shared one serves then.
   */
  async bulkConnection(host: string, signal: AbortSignal): Promise<LentConnection | null> {
    const resolved = await this.resolve(host, signal);
    if (chooseEngine(resolved).engine === 'openssh' || resolved.engine === 'ssh2') return null;
    const connectTimeout = this.settings.values['timeouts.connect'];
    const hostKeys = { acceptUnknown: () => Promise.resolve(false) };
    const options = { connectTimeout, resolve: this.resolve, hostKeys, signal, forFiles: true };
    try {
      // made anew where the configuration says something else by now
      return await this.#bulk.take(
        JSON.stringify(resolved),
        async () => await opensshEngine.connect(resolved, options),
      );
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }

  /** Facts from the cache while they are young enough and the host key is the same; else asked (one round trip). */
  async facts(
    connection: SshConnection,
    refresh: boolean,
    signal: AbortSignal,
  ): Promise<CachedFacts & { readonly asked: boolean }> {
    const { fingerprint } = connection.hostKey;
    const { name } = connection.host;
    if (!refresh) {
      const maxAge = this.settings.values['facts.maxAge'];
      const cached = await this.#factsCache.read(name, { maxAge, fingerprint });
      if (cached) return { ...cached, asked: false };
    }
    const facts: Facts = await collectFacts(connection, signal, systemClock);
    await this.#factsCache.write(name, fingerprint, facts);
    return { facts, fingerprint, age: 0, asked: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#pool[Symbol.asyncDispose](), this.#bulk[Symbol.asyncDispose]()]);
  }
}

async function readFleet(surroundings: Surroundings): Promise<Known> {
  // before they are read: a change in between is seen the next time
  const marks = await marksOf(surroundings);
  const settings = await loadSettings(placesIn(surroundings));
  const inventory = await loadInventory(settings, homedir(), surroundings.sshConfigFile);
  return { settings, inventory, readAt: systemClock.monotonic(), marks };
}

function placesIn({ folder, overrides, settingsFile }: Surroundings): SettingsPlaces {
  const file = settingsFile === undefined ? {} : { file: settingsFile };
  return { folder, home: homedir(), environment: process.env, flags: overrides, ...file };
}

/** What changes with the files of settings and of OpenSSH. */
async function marksOf(surroundings: Surroundings): Promise<string> {
  const { sshConfigFile = join(homedir(), '.ssh', 'config') } = surroundings;
  const files = [...(await settingsFilesOf(placesIn(surroundings))), sshConfigFile];
  const marks = files.map(async file => {
    const found = await stat(file, { bigint: true }).catch(() => null);
    return `${file} ${found?.ino} ${found?.size} ${found?.mtimeNs}`;
  });
  return (await Promise.all(marks)).join('\n');
}

function connectPrompts({ password, passphrase, acceptHostKey }: TaskPrompts): ConnectPrompts {
  return { credentials: { password, passphrase }, hostKeys: { acceptUnknown: acceptHostKey } };
}

/** One `FleetAccess` for all who stand at the same place. */
export class Fleets implements AsyncDisposable {
  readonly #open = new Map<string, Promise<FleetAccess>>();

  async at(asked: Surroundings): Promise<FleetAccess> {
    // whoever asks: the place is the same
    const { asker: _, ...surroundings } = asked;
    const key = JSON.stringify(surroundings);
    const known = this.#open.get(key);
    if (known) {
      const fleet = await known;
      await fleet.refresh();
      return fleet;
    }
    const opening = FleetAccess.open(surroundings);
    this.#open.set(key, opening);
    // a broken settings file is read again once it is mended
    opening.catch(() => this.#open.delete(key));
    return await opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const fleets = await Promise.allSettled(this.#open.values());
    await Promise.all(
      fleets.map(async fleet => {
        if (fleet.status === 'fulfilled') await fleet.value[Symbol.asyncDispose]();
      }),
    );
  }
}
