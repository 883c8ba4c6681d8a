/** Characters that no POSIX shell treats specially in an argument. */
const PLAIN_WORD = /^[A-Za-z0-9_./:@%+,-]+$/;
/** Longest byte row printed by octal escapes; four characters a byte, so longer ones go as base64. */
const OCTAL_LIMIT = 256;
/** Longest text kept readable inside quotes. */
const READABLE_LIMIT = 4096;

/**
 * One word, single-quoted where needed, for POSIX sh. A NUL byte cannot exist in a shell word;
 * it is a programming error and throws `TypeError`.
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new TypeError('a shell word cannot hold a NUL byte');
  if (PLAIN_WORD.test(word)) return word;
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/** Words joined to one command line, each quoted. */
export function quoteAll(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

/**
 * A shell command that prints exactly these bytes: short plain ASCII text stays readable, few other
 * bytes go as octal escapes, the rest as base64 (needs `base64 -d`). No here-document, no argument
 * of a process: `printf` is built in, so its length is not limited by the kernel.
 */
export function printBytes(bytes: Uint8Array): string {
  if (bytes.length <= READABLE_LIMIT && bytes.every(isReadable)) {
    return `printf '%s' ${quote(Buffer.from(bytes).toString('latin1'))}`;
  }
  if (bytes.length <= OCTAL_LIMIT) {
    const escapes = Array.from(bytes, byte => `\\${byte.toString(8).padStart(3, '0')}`);
    return `printf '${escapes.join('')}'`;
  }
  return `printf '%s' ${Buffer.from(bytes).toString('base64')} | base64 -d`;
}

function isReadable(byte: number): boolean {
  return byte === 9 || byte === 10 || (byte >= 32 && byte < 127);
}
