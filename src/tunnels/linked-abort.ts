import { DeckhandError } from '../core/deckhand-error.ts';

/** The reason of all that is over in the ordinary way; to make one for each would take longer than a short request. */
export const OVER = new DeckhandError('command.cancelled', 'Nobody waits for it any more.');

/**
 * A controller that is aborted with others, until it is disposed of. `AbortSignal.any` costs a multiple of a
 * short connection, and a signal that lives as long as a tunnel would remember all that were made of it.
 */
export class LinkedAbort extends AbortController implements Disposable {
  readonly #sources: readonly AbortSignal[];
  readonly #follow = (event: Event): void => this.abort((event.target as AbortSignal).reason);

  constructor(...sources: readonly AbortSignal[]) {
    super();
    this.#sources = sources;
    for (const source of sources) {
      if (source.aborted) this.abort(source.reason);
      source.addEventListener('abort', this.#follow, { once: true });
    }
  }

  [Symbol.dispose](): void {
    for (const source of this.#sources) source.removeEventListener('abort', this.#follow);
  }
}
