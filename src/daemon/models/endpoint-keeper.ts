import type { EndpointView } from '../../core/chat.ts';
import { type DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { Surroundings } from '../../core/task.ts';
import type { Store } from '../../store/store.ts';
import { ModelEndpoint, type ModelEndpointParts } from './model-endpoint.ts';

const SETTING = 'endpoint';

interface Kept {
  readonly surroundings: Surroundings;
  readonly port: number;
}

/** The one endpoint of an engine: opened, closed, and there again after a restart where it is to be kept. */
export class EndpointKeeper implements AsyncDisposable {
  readonly #parts: ModelEndpointParts & { readonly store: Store };
  #endpoint: ModelEndpoint | null = null;
  /** One after the other: two commands at once must not open two. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ModelEndpointParts & { readonly store: Store }) {
    this.#parts = parts;
  }

  view(): EndpointView | null {
    return this.#endpoint?.view() ?? null;
  }

  /** Open already, it is the one that is there. Throws `endpoint.port-busy`. */
  async open(
    surroundings: Surroundings,
    { port, keep }: { readonly port: number; readonly keep: boolean },
  ): Promise<EndpointView> {
    return await this.#inTurn(async () => {
      this.#endpoint ??= await ModelEndpoint.open({ ...this.#parts, surroundings, port, kept: keep });
      const view = this.#endpoint.view();
      if (keep) {
        const kept: Kept = { surroundings, port: Number(new URL(view.url).port) };
        await this.#parts.store.saveSetting(SETTING, kept);
      }
      return view;
    });
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => {
      await this.#parts.store.saveSetting(SETTING, null);
      await this.#endpoint?.[Symbol.asyncDispose]();
      this.#endpoint = null;
    });
  }

  /** What was open before a restart is open again; a port that is taken is told and tried at the next start. */
  async restore(onTrouble: (error: DeckhandError) => void): Promise<void> {
    const kept = (await this.#parts.store.setting(SETTING)) as Kept | null | undefined;
    if (!kept) return;
    try {
      await this.open(kept.surroundings, { port: kept.port, keep: true });
    } catch (thrown) {
      onTrouble(toDeckhandError(thrown));
    }
  }

  async #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work, work);
    this.#last = turn.catch(() => undefined);
    return await turn;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      await this.#endpoint?.[Symbol.asyncDispose]();
      this.#endpoint = null;
    });
  }
}
