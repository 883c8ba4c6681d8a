/**
 * Does the text hold something that fits the pattern? `*` stands for anything, line breaks too, `\*` for itself and
 * `\\` for a backslash. Each part is looked for once, from where the one before ended: no pattern makes it slow.
 */
export function holdsPattern(text: string, pattern: string): boolean {
  let place = 0;
  for (const part of partsOf(pattern)) {
    const found = text.indexOf(part, place);
    if (found < 0) return false;
    place = found + part.length;
  }
  return true;
}

function partsOf(pattern: string): readonly string[] {
  const parts = [''];
  for (const [token] of pattern.matchAll(/\\[*\\]|[^]/g)) {
    if (token === '*') parts.push('');
    else parts[parts.length - 1] += token.length > 1 ? token.slice(1) : token;
  }
  return parts;
}
