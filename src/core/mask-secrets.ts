/** What stands where a secret was. */
export const HIDDEN = '[hidden]';

/** A name that says that its value is a secret. */
const NAME =
  '(?:[\\w.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)|pwd|pass)';
const QUOTED = '"(?:[^"\\\\\\n]|\\\\.)*"|\'[^\'\\n]*\'';

/**
 * What is replaced; `$1` is kept. Each rule reads forward from a place that few characters can be, so that no text
 * makes it slow: what hosts print goes through here.
 */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  // https://user:secret@host
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}:)[^\s/@]{1,500}(?=@)/gi, `$1${HIDDEN}`],
  [
    /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+)?)[^\s"',;]+/gi,
    `$1${HIDDEN}`,
  ],
  [/\b(bearer\s+)[\w.~+/-]{12,}=*/gi, `$1${HIDDEN}`],
  [new RegExp(`((?<![\\w.-])--?${NAME}(?:=|\\s+))(?:${QUOTED}|[^\\s"'-][^\\s"']*)`, 'gi'), `$1${HIDDEN}`],
  // the name may be quoted too, as in JSON; PWD=/… is where a shell stands
  [
    new RegExp(
      `((?<![\\w.-])(?!(?-i:PWD=/))["']?${NAME}["']?\\s*[:=]\\s*)(?!\\[hidden\\])(?:${QUOTED}|[^\\s"',;&|)}\\]]+)`,
      'gi',
    ),
    `$1${HIDDEN}`,
  ],
  // a line of /etc/shadow
  [/^([a-z_][a-z0-9_-]*:)\$[0-9a-z]{1,3}\$[^:\s]+/gm, `$1${HIDDEN}`],
  // forms that cannot be anything else: crypt(3), JSON web tokens, keys of well-known services
  [/\$(?:1|2[aby]|5|6|7|y|gy|argon2[id]{0,2})\$[\w./$,=+-]{16,}/g, HIDDEN],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g, HIDDEN],
  [/\b(?:sk|pk|rk)[-_][\w-]{16,}/g, HIDDEN],
  [/\b(?:gh[opsur][-_]|github_pat_|glpat[-_]|hf[-_]|xox[abprs][-_]|npm_|AIza)[\w-]{16,}/g, HIDDEN],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}/g, HIDDEN],
];

/**
 * A text without what looks like a secret: private keys, passwords and tokens behind a name that says so, keys of
 * known forms, and without the `known` secrets. A net, not a promise: one under an innocent name is not known as one.
 */
export function maskSecrets(text: string, known: Iterable<string> = []): string {
  return RULES.reduce(
    (masked, [pattern, replacement]) => masked.replace(pattern, replacement),
    maskKnown(text, known),
  );
}

/** A text without these secrets; those shorter than 4 characters would blot ordinary words. */
export function maskKnown(text: string, known: Iterable<string>): string {
  let masked = text;
  for (const secret of known) if (secret.length >= 4) masked = masked.replaceAll(secret, HIDDEN);
  return masked;
}

/** `maskSecrets` for every text inside plain data; keys stay as they are. */
export function maskDeep<Value>(value: Value): Value {
  return mapTexts(value, (text, name) => (isSecretField(name) ? HIDDEN : maskSecrets(text))) as Value;
}

/** `maskKnown` for every text inside plain data: once it is written as JSON or Markdown a secret has another form. */
export function maskKnownDeep<Value>(value: Value, known: readonly string[]): Value {
  return known.length === 0 ? value : (mapTexts(value, text => maskKnown(text, known)) as Value);
}

/** `name` is the key beside a text. */
function mapTexts(
  value: unknown,
  change: (text: string, name: string) => string,
  beside: string = '',
): unknown {
  if (typeof value === 'string') return change(value, beside);
  if (Array.isArray(value)) return value.map(one => mapTexts(one, change));
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, mapTexts(one, change, name)]));
}

/** In data the name of a secret is the key beside it. */
const SECRET_FIELD = new RegExp(`^${NAME}$`, 'i');

function isSecretField(name: string): boolean {
  return SECRET_FIELD.test(name) && !PLAIN_FIELDS.has(name);
}

/** Fields of ours that end like a secret and are none. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['authorizedKeys', 'publicKey']);
