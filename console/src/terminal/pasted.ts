/** What of a text that is about to be typed into a shell somebody should see first. Pure. */

const MOST_SHOWN = 2000;

/** More than one line: the shell would run all but the last at once. */
export function needsQuestion(text: string): boolean {
  return /[\r\n]/.test(text.replace(/(?:\r\n|\r|\n)$/, '')) || text.length > MOST_SHOWN || hasControls(text);
}

/** Control characters can end a line, or the bracket around what was pasted, without being seen. */
function hasControls(text: string): boolean {
  return /[^\P{Cc}\t\r\n]/u.test(text);
}

/** The text without what nobody sees, as it is given on. */
export function harmless(text: string): string {
  return text.replaceAll(/[^\P{Cc}\t\r\n]/gu, '');
}

/** Its beginning, for the question. */
export function shown(text: string): string {
  const plain = harmless(text).replaceAll(/\r\n?/g, '\n');
  return plain.length <= MOST_SHOWN
    ? plain
    : `${plain.slice(0, MOST_SHOWN)}\n… ${plain.length - MOST_SHOWN} more`;
}
