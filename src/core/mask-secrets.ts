/** What stands where a secret was. */
export const HIDDEN = '[hidden]';

/** A name that says that its value is a secret. */
const NAME =
  '(?:[\\w.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)|pwd|pass)';
const QUOTED = '"(?:[^"\\\\\\n]|\\\\.)*"|\'[^\'\\n]*\'';

/** What is replaced, and by what; `$1` is kept. */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, HIDDEN],
  // https://user:secret@host
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/@]{0,200}:)[^\s/@]{1,500}(?=@)/gi, `$1${HIDDEN}`],
  [
    /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?(?:(?:bearer|basic|token|digest)\s+)?)[^\s"',;]+/gi,
    `$1${HIDDEN}`,
  ],
  [/\b(bearer\s+)[\w.~+/-]{12,}=*/gi, `$1${HIDDEN}`],
  [new RegExp(`((?<![\\w-])--?${NAME}(?:=|\\s+))(?:${QUOTED}|[^\\s"'-][^\\s"']*)`, 'gi'), `$1${HIDDEN}`],
  // the name may be quoted too, as in JSON
  [
    new RegExp(`((?<![\\w.-])["']?${NAME}["']?\\s*[:=]\\s*)(?:${QUOTED}|[^\\s"',;&|)}\\]]+)`, 'gi'),
    `$1${HIDDEN}`,
  ],
  // forms that cannot be anything else: crypt(3), JSON web tokens, keys of well-known services
  [/\$(?:1|2[aby]|5|6|7|y|gy|argon2[id]{0,2})\$[\w./$,=+-]{16,}/g, HIDDEN],
  [/\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/g, HIDDEN],
  [/\b(?:sk|pk|rk)-[\w-]{20,}/g, HIDDEN],
  [/\b(?:gh[opsur]_|github_pat_|glpat-|hf_|xox[abprs]-|npm_)[\w-]{16,}/g, HIDDEN],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, HIDDEN],
];

/**
 * A text without what looks like a secret: private keys, passwords and tokens behind a name that says so, keys of
 * known forms. A net, not a promise: a secret under an innocent name is not known as one.
 */
export function maskSecrets(text: string): string {
  return RULES.reduce((masked, [pattern, replacement]) => masked.replace(pattern, replacement), text);
}

/** The same for every text inside plain data; keys stay as they are. */
export function maskDeep<Value>(value: Value): Value {
  return mapTexts(value, maskSecrets) as Value;
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map(one => mapTexts(one, change));
  if (value === null || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, maskField(name, one, change)]));
}

/** In data the name of a secret is the key beside it. */
const SECRET_FIELD = new RegExp(`^${NAME}$`, 'i');

function maskField(name: string, value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string' && SECRET_FIELD.test(name) && !PLAIN_FIELDS.has(name)) return HIDDEN;
  return mapTexts(value, change);
}

/** Fields of ours that end like a secret and are none. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['authorizedKeys', 'publicKey']);
