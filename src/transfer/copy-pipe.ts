/** Bytes between the two channels. */
const PIPE_LIMIT = 4 * 1024 * 1024;

/** From one channel to the other: the writer waits while more than a few pieces are not taken. */
export class Pipe implements AsyncIterable<Uint8Array> {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #hasRoom: (() => void) | undefined;
  #wake: (() => void) | undefined;
  #isOver = false;
  #isClosed = false;
  #error: Error | undefined;

  /** The piece is not copied: it must not change afterwards. */
  async write(piece: Uint8Array): Promise<void> {
    if (this.#error) throw this.#error;
    if (this.#isClosed) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#wake?.();
    if (this.#length < PIPE_LIMIT) return;
    await new Promise<void>(resolve => {
      this.#hasRoom = resolve;
    });
  }
  /** Nothing more comes. */
  end(): void {
    this.#isOver = true;
    this.#wake?.();
  }
  /** Nobody takes anything any more: what comes is dropped. */
  close(): void {
    this.#isClosed = true;
    this.#hasRoom?.();
  }
  fail(error: Error): void {
    this.#error ??= error;
    this.#hasRoom?.();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      if (this.#error) throw this.#error;
      if (this.#pieces.length > 0) {
        const piece = Buffer.concat(this.#pieces);
        this.#pieces = [];
        this.#length = 0;
        this.#hasRoom?.();
        yield piece;
      } else if (this.#isOver) return;
      else
        await new Promise<void>(resolve => {
          this.#wake = resolve;
        });
    }
  }
}
