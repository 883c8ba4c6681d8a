/** One message of a `text/event-stream`. Comments (heartbeats) and empty messages are not messages. */
export interface SseMessage {
  /** `message` where the stream names none. */
  readonly event: string;
  readonly data: string;
  /** Null where this message carries none. */
  readonly id: string | null;
}

/** Characters of one message; beyond it the peer is not what we think it is. */
const LONGEST_MESSAGE = 64 * 1024 * 1024;

/**
 * Decodes a `text/event-stream` from chunks that may be cut anywhere: inside a character, between CR and LF,
 * inside a field. Lines end with LF, CRLF or CR. A message that is cut off by the end is dropped.
 */
export class SseDecoder {
  readonly #text = new TextDecoder();
  /** The beginning of a line whose end was not seen yet; pieces, so that a long line is joined once. */
  #partial: string[] = [];
  #data: string[] = [];
  #size = 0;
  #event = '';
  #id: string | null = null;
  /** The last character was a CR that ended a line: an LF that follows belongs to it. */
  #afterReturn = false;

  /** The messages that this chunk completes. Throws a RangeError when one is absurdly long. */
  push(chunk: Uint8Array): SseMessage[] {
    let text = this.#text.decode(chunk, { stream: true });
    if (text === '') return [];
    if (this.#afterReturn && text.startsWith('\n')) text = text.slice(1);
    this.#afterReturn = text === '' ? false : text.endsWith('\r');
    const lines = text.split(/\r\n|\n|\r/);
    const rest = lines.pop() ?? '';
    const messages: SseMessage[] = [];
    for (const line of lines) {
      const message = this.#line(this.#joined(line));
      if (message) messages.push(message);
    }
    if (rest !== '') this.#keep(rest);
    return messages;
  }

  #joined(line: string): string {
    if (this.#partial.length === 0) return line;
    const whole = this.#partial.join('') + line;
    this.#partial = [];
    return whole;
  }

  #keep(rest: string): void {
    this.#partial.push(rest);
    this.#grow(rest.length);
  }

  #grow(by: number): void {
    this.#size += by;
    if (this.#size > LONGEST_MESSAGE) throw new RangeError('A message of the event stream has no end.');
  }

  #line(line: string): SseMessage | null {
    if (line === '') return this.#dispatch();
    const colon = line.indexOf(':');
    if (colon === 0) return null;
    const field = colon < 0 ? line : line.slice(0, colon);
    const raw = colon < 0 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (field === 'data') {
      this.#grow(value.length);
      this.#data.push(value);
    } else if (field === 'event') this.#event = value;
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
    return null;
  }

  #dispatch(): SseMessage | null {
    const message =
      this.#data.length === 0
        ? null
        : { event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id };
    this.#data = [];
    this.#event = '';
    this.#id = null;
    this.#size = 0;
    return message;
  }
}
