/** What `find -iname` takes for what a person typed: with `*` or `?` a pattern, otherwise a part of a name. */
export function findPattern(typed: string): string {
  const isPattern = /[*?]/.test(typed);
  const literal = typed.replaceAll(/[\\[\]]/g, String.raw`\$&`);
  return isPattern ? literal : `*${literal}*`;
}

/** The same as a question to a name. */
export function nameMatcher(typed: string): (name: string) => boolean {
  const isPattern = /[*?]/.test(typed);
  const source = typed
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(isPattern ? `^${source}$` : source, 'isu');
  return name => expression.test(name);
}
