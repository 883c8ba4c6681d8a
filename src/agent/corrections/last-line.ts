/** Most characters of a host's words in an error. */
const LONGEST = 300;

/** The last line of a text, bounded. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim().slice(0, LONGEST) ?? '';
}
