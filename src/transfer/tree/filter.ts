import ignore from 'ignore';
import { type RawPath, rawFromText } from '../../core/raw-path.ts';

/** True: the rules leave this path out. A folder that is left out hides all that is in it. */
export type Excluded = (path: RawPath, isFolder: boolean) => boolean;

/** gitignore rules, over the bytes of names. */
export function excludeBy(patterns: readonly string[]): Excluded {
  if (patterns.length === 0) return () => false;
  const rules = ignore({ ignorecase: false, allowRelativePaths: true });
  rules.add(patterns.map(rawFromText));
  return (path, isFolder) => path !== '' && rules.ignores(isFolder ? `${path}/` : path);
}
