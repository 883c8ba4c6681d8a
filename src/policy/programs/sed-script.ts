/** What stands in brackets is no end of a pattern, whichever character it is; a backslash before a mark is read differently. */
const BRACKETS = String.raw`\[(?:\^|(?!\^))(?:\]|(?!\]))(?:\[:[a-z]+:\]|\[(?![:.=])|[^\]\n\\[]|\\[a-zA-Z.*$^+?()|-])*\]`;

/** A pattern up to this mark. */
function pattern(mark: string): string {
  return String.raw`(?:\\[^\n]|${BRACKETS}|[^${mark}\\\n\[])*`;
}

const ADDRESS = (() => {
  const place = String.raw`(?:\d+|\$|/${pattern('/')}/I?|\\\|${pattern('|')}\|)`;
  return String.raw`(?:${place}(?:~\d+)?(?:,(?:[+~]?\d+|\$|/${pattern('/')}/I?))?\s*!?)?\s*`;
})();

const SUBSTITUTIONS = '/|#,:@!%;_~'.split('').map(one => {
  const mark = `\\${one}`;
  return String.raw`s${mark}${pattern(mark)}${mark}(?:\\[^\n]|[^${mark}\\\n])*${mark}[gpiI0-9mM]*`;
});

const COMMAND = String.raw`(?:[pdPDqQhHgGxnNlz={}]\d*|y/[^/\\\n]*/[^/\\\n]*/|[aic]\s*\\?[^\n]*|[bt](?:\s*\w+)?|:\s*\w+|${SUBSTITUTIONS.join('|')})`;
const PLAIN = new RegExp(String.raw`^\s*(?:${ADDRESS}${COMMAND}\s*(?:[;\n}]\s*|$))*\s*$`);

/** Has it only commands that print or change what passes by: addresses, p, d, q, =, s, y, a, i, c, n, N, g, h, x …? Pure. */
export function sedIsPlain(text: string): boolean {
  return PLAIN.test(text);
}
