import type { SshConnection } from '../ssh/connection.ts';
import { sameTime } from './decide/equal.ts';
import { quoteRaw, runScript } from './host/run-script.ts';
import { scriptError } from './host/script-error.ts';
import { attributesText, FUNCTIONS } from './move/remote-commands.ts';
import { type Entry, join, type Tree } from './tree/entry.ts';

const RENAMED = /: Directory renamed before its status could be extracted$/;
const CLOSING = /Exiting with failure status due to previous errors$/;

/**
 * Whether all that a tar complains of is that it could not give folders their modes and times. GNU tar does that last,
 * and only where a folder has the number that it had; an overlay over two file systems gives it another one as soon as
 * nobody has looked at it for a while, as happens in trees of thousands.
 */
export function lacksOnlyFolders(errors: string): boolean {
  const [first = '', ...rest] = errors.split('\n').filter(line => line.trim() !== '');
  // only the last part of very many lines is kept: the first of those may be half a line
  return rest.some(line => CLOSING.test(line)) && [first, ...rest].every(isOfFolders);
}
function isOfFolders(line: string): boolean {
  return RENAMED.test(line) || CLOSING.test(line);
}

/** Names, types, sizes and where links lead: what files hold is another question. */
export function isWhole({ entries }: Tree, found: Tree): boolean {
  const wanted = [...entries.values()].filter(({ type }) => ['file', 'directory', 'symlink'].includes(type));
  const isSame = wanted.every(({ path, type, size, link }) => {
    const there = found.entries.get(path);
    const isAlike = there?.type === type && there.link === link;
    return isAlike && (type !== 'file' || there.size === size);
  });
  return isSame && found.entries.size === wanted.length;
}

export interface CopiedFolders {
  readonly to: SshConnection;
  readonly signal: AbortSignal;
  readonly source: Tree;
  /** What was copied, as it is there. */
  readonly found: Tree;
  readonly root: string;
  readonly preserve: boolean;
  /** The account there may give files away. */
  readonly owners: boolean;
}

/** Gives folders the modes and times, and owners, that they do not have yet; the deepest first. */
export async function finishFolders(copied: CopiedFolders): Promise<void> {
  const { to, signal, source, root, preserve, owners } = copied;
  const folders = [...source.entries.values()].filter(entry => isUnfinished(entry, copied)).toReversed();
  const lines = folders.map(entry => {
    const path = join(root, entry.path);
    const mode = `chmod ${entry.mode.toString(8)} -- ${quoteRaw(path)}`;
    return `{ ${preserve ? attributesText(path, entry, owners) : mode}; } || exit 1`;
  });
  if (lines.length === 0) return;
  const script = [FUNCTIONS, ...lines, 'exit 0'].join('\n');
  const { exitCode, errors } = await runScript(to, script, { signal });
  if (exitCode !== 0) throw scriptError(to.host.name, 'finishing folders', errors, exitCode);
}

function isUnfinished(entry: Entry, { found, preserve, owners }: CopiedFolders): boolean {
  const there = found.entries.get(entry.path);
  if (entry.type !== 'directory' || there === undefined) return false;
  if (there.mode !== entry.mode) return true;
  if (!preserve) return false;
  if (owners && (there.uid !== entry.uid || there.gid !== entry.gid)) return true;
  return !sameTime(there.mtime, entry.mtime);
}
