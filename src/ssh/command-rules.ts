/** What holds for a command on a channel, whichever engine runs it. */

/** Bytes of each output that are kept where the caller asks for no other number. */
export const DEFAULT_COLLECT_LIMIT = 1024 * 1024;
/** Milliseconds between asking a command to end and killing it. */
export const KILL_AFTER = 1_000;
/** Milliseconds until a command that was killed, too, counts as over. */
export const OVER_WITHIN = 3_000;
const LINE_FEED = 10;
/** Control-D, a terminal's end of input. */
const END_OF_INPUT = 4;

/** Input for a command on a terminal, with its end: in the middle of a line the first one only ends the line. */
export function typedInput(stdin: Uint8Array): Buffer {
  const atLineStart = stdin.length === 0 || stdin.at(-1) === LINE_FEED;
  return Buffer.concat([stdin, Buffer.alloc(atLineStart ? 1 : 2, END_OF_INPUT)]);
}
