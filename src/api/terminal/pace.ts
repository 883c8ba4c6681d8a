/** How much is on its way to somebody who says what they have taken. */
export class Pace {
  readonly #window: number;
  #sent = 0;
  #taken = 0;
  #wake = Promise.withResolvers<void>();

  /** `window`: bytes that may be on their way. */
  constructor(window: number) {
    this.#window = window;
  }

  sent(bytes: number): void {
    this.#sent += bytes;
  }

  /** `bytes`: all since the beginning. False: more than were sent. */
  taken(bytes: number): boolean {
    if (bytes > this.#sent) return false;
    this.#taken = Math.max(this.#taken, bytes);
    this.#wake.resolve();
    return true;
  }

  /** Resolves when there is room, or `over` is aborted. */
  async room(over: AbortSignal): Promise<void> {
    const wake = (): void => this.#wake.resolve();
    over.addEventListener('abort', wake, { once: true });
    while (this.#sent - this.#taken >= this.#window && !over.aborted) {
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
    over.removeEventListener('abort', wake);
  }
}
