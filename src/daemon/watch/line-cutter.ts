import type { OutputLine } from '../../api/watch-contract.ts';
import type { OutputChunk } from '../../store/store.ts';

type StreamName = OutputLine['stream'];

/** Characters of a line that are shown; a longer one says how much was left out. */
export const LONGEST_LINE = 16_384;
/** Bytes of a line that are held while its end is awaited. */
const MOST_HELD = 4 * LONGEST_LINE;
const LINE_FEED = 10;
const RETURN = 13;
/** One for all: making one takes longer than decoding a line. */
const decoder = new TextDecoder();

interface Held {
  bytes: Buffer;
  dropped: number;
}

/** Output as numbered lines, in the order in which they end; bounded, whatever a host writes. */
export class LineCutter {
  readonly #held: Record<StreamName, Held> = {
    stdout: { bytes: Buffer.alloc(0), dropped: 0 },
    stderr: { bytes: Buffer.alloc(0), dropped: 0 },
  };
  #number: number;

  /** `before`: lines that ended earlier. What is held from before the first line feed belongs to the next line. */
  constructor(before: number) {
    this.#number = before;
  }

  /** The lines that this output ends. With `stream`, the other one is not looked at. */
  *cut(chunk: OutputChunk, stream: StreamName | null = null): Generator<OutputLine> {
    for (const piece of chunk.pieces) {
      if (stream !== null && piece.stream !== stream) continue;
      const bytes = Buffer.from(piece.bytes.buffer, piece.bytes.byteOffset, piece.bytes.byteLength);
      let from = 0;
      for (let end = bytes.indexOf(LINE_FEED); end >= 0; end = bytes.indexOf(LINE_FEED, from)) {
        this.#hold(piece.stream, bytes.subarray(from, end));
        from = end + 1;
        this.#number += 1;
        yield this.#line(piece.stream, this.#number, chunk.time, false);
        this.#held[piece.stream] = { bytes: Buffer.alloc(0), dropped: 0 };
      }
      this.#hold(piece.stream, bytes.subarray(from));
    }
  }

  /** What has no end yet: at most one line of each stream. */
  *open(time: number): Generator<OutputLine> {
    let number = this.#number;
    for (const stream of ['stdout', 'stderr'] as const)
      if (this.#held[stream].bytes.length > 0) yield this.#line(stream, (number += 1), time, true);
  }

  #hold(stream: StreamName, bytes: Buffer): void {
    if (bytes.length === 0) return;
    const held = this.#held[stream];
    const joined = held.bytes.length === 0 ? bytes : Buffer.concat([held.bytes, bytes]);
    // a progress line is written again and again: only its last state is wanted
    const shown = joined.length > MOST_HELD ? lastState(joined) : joined;
    held.bytes = shown.subarray(0, MOST_HELD);
    held.dropped += shown.length - held.bytes.length;
  }

  #line(stream: StreamName, number: number, time: number, open: boolean): OutputLine {
    const { bytes, dropped } = this.#held[stream];
    const whole = decoder.decode(lastState(bytes));
    const text = whole.slice(0, LONGEST_LINE);
    return { number, stream, text, cut: whole.length - text.length + dropped, time, open };
  }
}

/** What a terminal would show of it in the end: the text after the last carriage return that anything follows. */
function lastState(bytes: Buffer): Buffer {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === RETURN) end -= 1;
  return bytes.subarray(bytes.subarray(0, end).lastIndexOf(RETURN) + 1, end);
}
