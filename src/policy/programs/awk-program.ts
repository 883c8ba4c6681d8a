/** Anything in an awk program that reads, writes or runs something else. */
const SIDE_DOORS = /system|getline|\||@|close|fflush|\/inet|ENVIRON|ARGV|PROCINFO|\\/;
/** Elsewhere `>` compares. */
const PRINTS_INTO = /\bprintf?\b[^;{}]*>/;

/** Characters; a longer one is nobody's to read at a glance. */
const LONGEST_PROGRAM = 4096;

/** After these words a `/` begins a pattern, after any other it divides. */
const NO_OPERAND =
  /^(BEGIN|END|case|delete|do|else|exit|for|func|function|if|in|print|printf|return|switch|while)$/;

/**
 * Does an awk program only look at what it is given? Strings and patterns are told from commands by where they stand, and
 * what awks read differently is not plain. Pure.
 */
export function awkIsPlain(text: string): boolean {
  if (text.length > LONGEST_PROGRAM) return false;
  const code = codeOf(text);
  if (code === null) return false;
  const bare = code.replaceAll('||', ' ');
  return !SIDE_DOORS.test(bare) && !PRINTS_INTO.test(bare);
}

/** The program with `""` for each string and `//` for each pattern; null: it is not certain where they are. */
export function codeOf(text: string): string | null {
  let code = '';
  let before: 'operator' | 'operand' | 'closed' = 'operator';
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const one = rest.charAt(0);
    const blank = /^[ \t\r]+|^#[^\n]*/.exec(rest)?.[0];
    const word = /^(?:[A-Za-z_]\w*|[0-9.]+)/.exec(rest)?.[0];
    if (blank !== undefined) {
      code += ' ';
      at += blank.length;
    } else if (one === '"') {
      const length = /^"(?:\\[^\n]|[^"\\\n])*"/.exec(rest)?.[0].length;
      if (length === undefined) return null;
      code += '""';
      before = 'operand';
      at += length;
    } else if (one === '/' && before === 'operator') {
      const length = patternLength(rest);
      if (length === null) return null;
      code += '//';
      before = 'operand';
      at += length;
    } else if (word !== undefined) {
      code += word;
      before = NO_OPERAND.test(word) ? 'operator' : 'operand';
      at += word.length;
    } else {
      // after `)` it divides, or is the pattern of an `if`: what follows must read the same either way
      if (one === '/' && before === 'closed' && /["/#]/.test(rest.slice(1))) return null;
      const twice = /^(\+\+|--)/.test(rest);
      code += twice ? rest.slice(0, 2) : one;
      if (one === ')') before = 'closed';
      else if (one === ']') before = 'operand';
      else if (!twice) before = 'operator';
      at += twice ? 2 : 1;
    }
  }
  return code;
}

/** Of `/…/` at the beginning; null: it does not end, or has a `/` in brackets, which some awks take for its end. */
function patternLength(text: string): number | null {
  let inBrackets = false;
  for (let at = 1; at < text.length; at += 1) {
    const one = text.charAt(at);
    if (one === '\n') return null;
    if (one === '\\') at += 1;
    else if (inBrackets) {
      if (one === '/') return null;
      if (one === ']' && !/\[\^?$/.test(text.slice(0, at))) inBrackets = false;
    } else if (one === '[') inBrackets = true;
    else if (one === '/') return at + 1;
  }
  return null;
}
