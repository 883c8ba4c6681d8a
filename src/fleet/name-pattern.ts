/** A letter of the pattern: `*` any letters, or which letters fit. */
type Token = '*' | ((letter: string) => boolean);

/**
 * Does the whole name fit the shell pattern (`*`, `?`, `[ab]`, `[a-z]`, `[!ab]`)? No regular
 * expression: the time is bounded by pattern × name, whatever a person writes.
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const tokens = tokensOf(pattern);
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < name.length || at < tokens.length; ) {
    const token = tokens[at];
    const letter = name[index];
    if (token === '*') {
      star = at;
      resume = index;
      at += 1;
    } else if (token && letter !== undefined && token(letter)) {
      at += 1;
      index += 1;
    } else if (star >= 0 && resume < name.length) {
      // The last star takes one letter more.
      resume += 1;
      index = resume;
      at = star + 1;
    } else return false;
  }
  return true;
}

function tokensOf(pattern: string): readonly Token[] {
  return Array.from(pattern.matchAll(/\*+|\[!?[^\]]+\]|./gs), ([part]): Token => {
    if (part.startsWith('*')) return '*';
    if (part === '?') return () => true;
    if (part.startsWith('[') && part.length > 1) return letterSet(part.slice(1, -1));
    return letter => letter === part;
  });
}

function letterSet(text: string): (letter: string) => boolean {
  const negated = text.startsWith('!');
  const ranges = Array.from((negated ? text.slice(1) : text).matchAll(/(.)-(.)|(.)/gs), found => {
    const [, from, to, single] = found;
    return { from: from ?? single ?? '', to: to ?? single ?? '' };
  });
  return letter => ranges.some(({ from, to }) => letter >= from && letter <= to) !== negated;
}
