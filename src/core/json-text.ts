/** The version of everything that is told as JSON documents; a field is only ever added within one version. */
export const JSON_VERSION = 1;

/**
 * Data as JSON text. Bytes in a field `x` become `x` (UTF-8 text) and, only when they are not valid
 * UTF-8, also `xBase64` (the exact bytes).
 */
export function toJson(value: object, indentation = 0): string {
  return JSON.stringify(expandBytes(value), null, indentation).replaceAll(OBEYED, character => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
  });
}

/** What JSON leaves as it is, and a terminal or a reader would obey: C1 controls, and what turns text around. */
const OBEYED = /[\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

function expandBytes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(expandBytes);
  if (value === null || typeof value !== 'object') return value;
  const expanded: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(value)) {
    if (field instanceof Uint8Array) Object.assign(expanded, bytesField(name, field));
    else expanded[name] = expandBytes(field);
  }
  return expanded;
}

function bytesField(name: string, bytes: Uint8Array): Record<string, string> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  if (Buffer.from(text, 'utf8').equals(buffer)) return { [name]: text };
  return { [name]: text, [`${name}Base64`]: buffer.toString('base64') };
}
