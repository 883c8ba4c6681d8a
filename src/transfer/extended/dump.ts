import type { RawPath } from '../../core/raw-path.ts';

/** What is beyond modes and owners: attributes with names (those of `user.`), or access control lists. */
export type Extended = 'xattrs' | 'acls';

/** Lines that belong to each path, as `getfattr -d -e hex` and `getfacl -n` print them. */
export type Dump = ReadonlyMap<RawPath, readonly string[]>;

const LINES: Readonly<Record<Extended, RegExp>> = {
  xattrs: /^(user\.[^=\n]+=0x[0-9a-fA-F]*|user\.[^=\n]+)$/,
  acls: /^(?:default:)?(?:user|group|mask|other):[^:\s]*:[rwx-]{3}$/,
};

/**
 * Reads what one of the two programs printed. Only paths that are `wanted` count, and only lines that are what
 * they should be: the text may come from a host. `name`: of the root, where it is a file.
 */
export function parseDump(
  text: string,
  kind: Extended,
  wanted: (path: RawPath) => boolean,
  name: RawPath | undefined,
): Dump {
  const found = new Map<RawPath, readonly string[]>();
  let lines: string[] | undefined;
  for (const line of text.split('\n')) {
    if (line.startsWith('# file: ')) {
      const path = unescaped(line.slice(8)).replace(/^\.\//, '');
      const relative = path === '.' || path === name ? '' : path;
      lines = wanted(relative) && !found.has(relative) ? [] : undefined;
      if (lines) found.set(relative, lines);
      continue;
    }
    const bare = line.replace(/\t+#effective:.*$/, '');
    if (lines && LINES[kind].test(bare)) lines.push(bare);
  }
  return new Map([...found].map(([path, each]) => [path, each.toSorted()]));
}

export interface Difference {
  /** For `--restore`: what the source has and the target has not. */
  readonly restore: string;
  /** What only the target has: a name of an attribute, or `` for the whole list. */
  readonly remove: readonly { readonly path: RawPath; readonly name: string }[];
  /** Paths in either. */
  readonly count: number;
}

/** What makes the target's like the source's. */
export function differenceOf(
  kind: Extended,
  source: Dump,
  target: Dump,
  name: RawPath | undefined,
): Difference {
  const blocks: string[] = [];
  const remove: { path: RawPath; name: string }[] = [];
  const changed = new Set<RawPath>();
  for (const [path, lines] of source) {
    if (lines.join('\n') === (target.get(path) ?? []).join('\n')) continue;
    changed.add(path);
    const shown = escaped(path === '' && name !== undefined ? name : path || '.');
    if (lines.length > 0) blocks.push(`# file: ${shown}\n${lines.join('\n')}\n`);
  }
  for (const [path, lines] of target) {
    const kept = new Set((source.get(path) ?? []).map(nameOf));
    const extra =
      kind === 'acls' ? (kept.size === 0 ? [''] : []) : lines.map(nameOf).filter(each => !kept.has(each));
    for (const each of extra) remove.push({ path, name: unescaped(each) });
    if (extra.length > 0) changed.add(path);
  }
  return { restore: blocks.join('\n'), remove, count: changed.size };
}

function nameOf(line: string): string {
  return line.split('=')[0] ?? '';
}
/** One of the two programs doubles a backslash, the other writes it as octal digits. */
function unescaped(text: string): string {
  return text.replaceAll(/\\(?:([0-7]{3})|\\)/g, (_, digits: string | undefined) =>
    digits === undefined ? '\\' : String.fromCodePoint(Number.parseInt(digits, 8)),
  );
}
function escaped(path: RawPath): string {
  return path.replaceAll(/[\\\n\r]/g, character => {
    return `\\${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`;
  });
}
