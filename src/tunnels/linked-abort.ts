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
