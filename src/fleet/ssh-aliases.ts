import { glob, readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';

/** A concrete name of the person's OpenSSH configuration, and where it stands. */
export interface SshAlias {
  readonly name: string;
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/** OpenSSH's own limit. */
const MAX_INCLUDE_DEPTH = 16;
const CONCRETE = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;

/**
 * Concrete `Host` names (no patterns) of a configuration file and of what it includes, in reading
 * order, each once. Only names are read here: what a name means is OpenSSH's to say. A file that is
 * missing or unreadable has no names; nothing is ever written.
 */
export async function readSshAliases(file: string, home: string): Promise<readonly SshAlias[]> {
  const found = new Map<string, SshAlias>();
  await readInto(found, file, home, join(home, '.ssh'), 0);
  return [...found.values()];
}

async function readInto(
  found: Map<string, SshAlias>,
  file: string,
  home: string,
  base: string,
  depth: number,
): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => '');
  for (const { keyword, values, line } of sshDirectives(text)) {
    if (keyword === 'host') {
      for (const name of values) {
        if (CONCRETE.test(name) && name !== 'all' && !found.has(name)) found.set(name, { name, file, line });
      }
    } else if (keyword === 'include' && depth < MAX_INCLUDE_DEPTH) {
      for (const pattern of values) {
        for (const included of await includedFiles(pattern, home, base)) {
          await readInto(found, included, home, base, depth + 1);
        }
      }
    }
  }
}

/** Relative includes of a person's configuration are meant from `~/.ssh`. */
async function includedFiles(pattern: string, home: string, base: string): Promise<readonly string[]> {
  const expanded = pattern.startsWith('~/') ? join(home, pattern.slice(2)) : pattern;
  const full = isAbsolute(expanded) ? expanded : join(base, expanded);
  if (!/[*?[]/.test(full)) return [full];
  const fixed = dirname(full.slice(0, full.search(/[*?[]/)) + 'x');
  const files: string[] = [];
  for await (const match of glob(full.slice(fixed.length).replace(/^\//, ''), { cwd: fixed })) {
    files.push(join(fixed, match));
  }
  return files.sort();
}

export interface SshDirective {
  readonly keyword: string;
  readonly values: readonly string[];
  readonly line: number;
}

/** Lines of an OpenSSH configuration: `Keyword value value`, `Keyword=value`, quotes, comments. Pure. */
export function sshDirectives(text: string): SshDirective[] {
  return text.split(/\r?\n/).flatMap((row, index) => {
    const match = /^\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*)$/.exec(row);
    if (!match?.[1]) return [];
    const values: string[] = [];
    for (const [, quoted, bare] of (match[2] ?? '').matchAll(/"([^"]*)"|(\S+)/g)) {
      if (bare?.startsWith('#')) break;
      values.push(quoted ?? bare ?? '');
    }
    return [{ keyword: match[1].toLowerCase(), values, line: index + 1 }];
  });
}
