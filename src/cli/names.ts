import { sanitiseText } from '../core/untrusted.ts';

/* oxlint-disable no-control-regex -- control characters are what this file shows */

/**
 * A name or path on one line, nothing hidden: line breaks and other control characters as `\n`, `\x1b`.
 * The root of a tree has no name, and is `.`.
 */
export function showName(name: string): string {
  if (name === '') return '.';
  const escaped = name.replaceAll(/[\u0000-\u001f\u007f\\]/g, character => {
    const known = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\\': '\\\\' }[character];
    return known ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return sanitiseText(escaped);
}
