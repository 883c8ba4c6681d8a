import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, rawFromText, showRaw } from '../../core/raw-path.ts';
import { showBytes } from '../../core/untrusted.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { hostPath } from '../host/list-script.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { findPattern } from './name-pattern.ts';

export interface NameSearch {
  readonly path: RawPath;
  /** As a person typed it. */
  readonly name: string;
  /** Names at most. */
  readonly limit: number;
  readonly signal: AbortSignal;
}

/** A name that fits; the path is absolute. */
export interface FoundName {
  readonly path: string;
  readonly isFolder: boolean;
}

export interface SearchEnd {
  /** True: there may be more than the limit. */
  readonly isCut: boolean;
  /** Folders that could not be looked into. */
  readonly closed: number;
}

/** Bytes of one path; beyond it the host is not what we think it is. */
const LONGEST = 64 * 1024;
const MISSING = 64;

/**
 * Names below a folder on its file system, by `find` on the host; folders come with a slash at their end. Ends the
 * search there when there are enough, or when the signal aborts. Throws `transfer.missing`, `transfer.not-a-directory`.
 */
export async function searchHost(
  connection: SshConnection,
  { path, name, limit, signal }: NameSearch,
  onFound: (found: FoundName) => void,
): Promise<SearchEnd> {
  const root = hostPath(path);
  const enough = new AbortController();
  let here: string | null = null;
  let count = 0;
  let closed = 0;
  const names = zeroEnded(bytes => {
    const text = showBytes(bytes);
    if (here === null) here = text === '/' ? '' : text;
    else if (count === limit) enough.abort();
    else {
      count += 1;
      const isFolder = text.endsWith('/');
      // `./a/b`, and a folder's slash
      onFound({ path: here + text.slice(1, isFolder ? -1 : undefined), isFolder });
    }
  });
  try {
    const { exitCode } = await runScript(connection, scriptOf(root, name), {
      signal: AbortSignal.any([signal, enough.signal]),
      onOutput: names,
      onErrors: bytes => void (closed += Buffer.from(bytes).toString('latin1').split('denied').length - 1),
    });
    if (exitCode === MISSING)
      throw new DeckhandError(
        'transfer.missing',
        `${connection.host.name}: ${showRaw(root)} is no folder, or not there.`,
      );
  } catch (error) {
    if (!enough.signal.aborted || signal.aborted) throw error;
  }
  return { isCut: enough.signal.aborted, closed };
}

/** POSIX find. Where we are comes first; each name is told as it is found, a folder with a slash at its end. */
function scriptOf(root: RawPath, name: string): string {
  const pattern = quoteRaw(rawFromText(findPattern(name)));
  return [
    `cd ${quoteRaw(root)} 2>/dev/null || exit ${MISSING}`,
    String.raw`printf '%s\0' "$(pwd -P)"`,
    String.raw`find . -xdev ! -name . -iname ${pattern} \( -type d -exec printf '%s/\0' {} \; -o -exec printf '%s\0' {} \; \)`,
    'exit 0',
  ].join('\n');
}

/** Cuts bytes at zeros, wherever the pieces end. */
function zeroEnded(take: (bytes: Uint8Array) => void): (piece: Uint8Array) => void {
  let rest = Buffer.alloc(0);
  return piece => {
    let bytes = rest.length === 0 ? Buffer.from(piece) : Buffer.concat([rest, piece]);
    for (let end = bytes.indexOf(0); end >= 0; end = bytes.indexOf(0)) {
      take(bytes.subarray(0, end));
      bytes = bytes.subarray(end + 1);
    }
    if (bytes.length > LONGEST)
      throw new DeckhandError('transfer.protocol', 'A name on the host has no end.');
    rest = Buffer.from(bytes);
  };
}
