/**
 * Text that came from a remote host, made safe to show: no terminal escapes, no control
 * characters, no bidirectional overrides. Newline and tab stay.
 */

/* oxlint-disable no-control-regex -- control characters are what this file removes */

const ESCAPE_SEQUENCE =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[@-Z\\-_])/g;
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Removes escape sequences, then shows what control characters remain as `�`; `\r\n` becomes `\n`. */
export function sanitiseText(text: string): string {
  return text.replaceAll(ESCAPE_SEQUENCE, '').replaceAll('\r\n', '\n').replaceAll(CONTROL, '\ufffd');
}

/** Untrusted text on one line: sanitised, line breaks and tabs as spaces. */
export function oneLine(text: string): string {
  return sanitiseText(text).replaceAll(/\s+/g, ' ').trim();
}

/** Bytes as text for people: UTF-8 with replacement characters, sanitised. */
export function showBytes(bytes: Uint8Array): string {
  return sanitiseText(new TextDecoder().decode(bytes));
}

/** Beginning and end of what is longer than `limit` characters: errors stand at the end. Says what was left out between. */
export function headAndTail(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  return `${text.slice(0, half)}\n[… ${text.length - 2 * half} characters left out …]\n${text.slice(-half)}`;
}

/** The last `limit` characters of a text, on a line border where there is one, saying what was left out. */
export function tailOf(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text.slice(-limit);
  const line = cut.indexOf('\n');
  const kept = line >= 0 && line < limit / 2 ? cut.slice(line + 1) : cut;
  return `[… ${text.length - kept.length} characters left out]\n${kept}`;
}
