import { systemClock } from '../../src/core/clock.ts';
import { llamaCpp } from '../../src/engines/adapters/llama-cpp.ts';
import { type Layout, layoutOf } from '../../src/engines/deploy/layout.ts';
import { readKey } from '../../src/engines/deploy/run-checked.ts';
import type { Site } from '../../src/engines/deploy/site.ts';
import { engineHttp } from '../../src/engines/engine-http.ts';
import type { LabHost } from '../lab/lab.ts';
import { connectAs, siteOf } from './model-lab.ts';
import { signal } from './ssh-client.ts';

/** Where the account `guest` keeps what is deployed for it. */
export const GUEST_BASE = '/home/guest/.local/state/deckhand';

/** Looks at a deployed model server past everything of ours, over a connection of its own that may be lost. */
export class EngineEyes implements AsyncDisposable {
  readonly #host: LabHost;
  readonly #home: string;
  #site: Promise<Site & AsyncDisposable> | null = null;
  readonly #keys = new Map<string, string>();

  constructor(host: LabHost, home: string) {
    this.#host = host;
    this.#home = home;
  }

  /** Connects when it is first asked for. */
  async site(): Promise<Site> {
    this.#site ??= (async () => {
      const connection = await connectAs(this.#host, 'guest', this.#home);
      return { ...siteOf(connection), [Symbol.asyncDispose]: async () => await connection.close() };
    })();
    return await this.#site;
  }

  layout(name: string): Layout {
    return layoutOf(GUEST_BASE, name);
  }

  /** The server's key. */
  async key(name: string): Promise<string> {
    const known = this.#keys.get(name) ?? (await readKey(await this.site(), this.layout(name), signal));
    this.#keys.set(name, known);
    return known;
  }

  /** How many requests the server says it works on. */
  async busy(name: string): Promise<number> {
    const [site, key] = [await this.site(), await this.key(name)];
    const http = engineHttp(async stop => await site.dial({ path: this.layout(name).live }, stop));
    return (await llamaCpp.busy({ http, key, signal })) ?? -1;
  }

  /** Milliseconds until the server is idle. */
  async untilIdle(name: string): Promise<number> {
    const begun = performance.now();
    while ((await this.busy(name)) > 0) await systemClock.sleep(1);
    return performance.now() - begun;
  }

  async untilBusy(name: string, requests = 1): Promise<void> {
    while ((await this.busy(name)) < requests) await systemClock.sleep(5);
  }

  /** Its connection is gone, or is to be: the next look opens another one. */
  async forget(): Promise<void> {
    const site = this.#site;
    this.#site = null;
    await site?.then(async open => await open[Symbol.asyncDispose]()).catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.forget();
  }
}
