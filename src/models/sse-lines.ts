/** Bytes that one line of a stream may have, and characters of one message. */
const LONGEST_LINE = 8 * 1024 * 1024;
const NEWLINE = 10;
const RETURN = 13;

export interface SseMessage {
  /** `data`, or `error` where a server has a field of that name. */
  readonly field: 'data' | 'error';
  readonly text: string;
}

/**
 * An event stream from bytes, however they are cut: only whole lines become text, so that no character is
 * split. Comments are dropped; they count as bytes like all the rest.
 */
export class SseLines {
  #rest: Buffer[] = [];
  #restLength = 0;
  #data: string[] = [];
  #dataLength = 0;
  #bytes = 0;

  /** All bytes seen so far: where a stream that was cut goes on. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The messages that these bytes complete. Throws RangeError for a line or a message without an end. */
  push(chunk: Uint8Array): readonly SseMessage[] {
    const piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#bytes += piece.length;
    const found: SseMessage[] = [];
    let from = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, from)) {
      const line = this.#lineOf(piece.subarray(from, end));
      from = end + 1;
      this.#take(line, found);
    }
    if (from < piece.length) {
      this.#rest.push(piece.subarray(from));
      this.#restLength += piece.length - from;
      if (this.#restLength > LONGEST_LINE) throw new RangeError(`a line of more than ${LONGEST_LINE} bytes`);
    }
    return found;
  }

  #lineOf(end: Buffer): string {
    const whole = this.#rest.length === 0 ? end : Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restLength = 0;
    const length = whole.at(-1) === RETURN ? whole.length - 1 : whole.length;
    return whole.toString('utf8', 0, length);
  }

  #take(line: string, found: SseMessage[]): void {
    if (line === '') {
      if (this.#data.length > 0) found.push({ field: 'data', text: this.#data.join('\n') });
      this.#data = [];
      this.#dataLength = 0;
      return;
    }
    const colon = line.indexOf(':');
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    if (name === 'data') {
      // an empty one takes room as well
      this.#dataLength += value.length + 1;
      if (this.#dataLength > LONGEST_LINE)
        throw new RangeError(`a message of more than ${LONGEST_LINE} characters`);
      this.#data.push(value);
    } else if (name === 'error') found.push({ field: 'error', text: value });
  }
}
