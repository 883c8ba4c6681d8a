import { constants } from 'node:os';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ErrorCode } from '../../core/error-table.ts';

/** The system's words in the C locale, of glibc, musl and the BSDs; the first that fits wins. */
const WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/No space left on device/i, 'host.disk-full'],
  [/quota exceeded|File too large/i, 'transfer.quota'],
  [/Read-only file system/i, 'transfer.read-only'],
  [/File ?name too long/i, 'transfer.name-too-long'],
  [/Permission denied|Operation not permitted/i, 'transfer.no-permission'],
  [/Cross-device link/i, 'transfer.other-file-system'],
  [/Directory not empty/i, 'transfer.not-empty'],
  [/Not a directory/i, 'transfer.not-a-directory'],
  [/Is a directory/i, 'transfer.is-a-directory'],
  [/File exists/i, 'transfer.exists'],
  [/No such file or directory/i, 'transfer.missing'],
  [/changed as we read it|shrank by/i, 'transfer.changed'],
];

/** What tar says last, which names no cause. */
const CLOSING = /: Exiting with failure status due to previous errors$/;

/** What a failed script says, as a typed error; its first line that names a cause is in the message. */
export function scriptError(host: string, doing: string, errors: string, exitCode: number): DeckhandError {
  const lines = errors.split('\n').filter(line => line.trim() !== '');
  for (const [words, code] of WORDS) {
    const line = lines.find(each => words.test(each));
    if (line !== undefined) return errorOf(code, host, doing, line);
  }
  const last = lines.findLast(line => !CLOSING.test(line)) ?? lines.at(-1);
  return errorOf('transfer.refused', host, doing, last ?? `exit code ${exitCode}`);
}

function errorOf(code: ErrorCode, host: string, doing: string, line: string): DeckhandError {
  const said = Buffer.from(line, 'latin1').toString('utf8').trim().slice(0, 500);
  return new DeckhandError(code, `${host}: ${doing} failed: ${said}.`, { details: { host } });
}

/** A failure of this machine's file system, as a typed error. Others are given back as they are. */
export function localError(thrown: unknown, doing: string): unknown {
  const { code, errno, message } = thrown as NodeJS.ErrnoException;
  // this runtime has no name for it
  const name = errno === -constants.errno.EDQUOT ? 'EDQUOT' : code;
  const known = name === undefined ? undefined : LOCAL[name];
  if (thrown instanceof DeckhandError || known === undefined) return thrown;
  return new DeckhandError(known, `On this machine: ${doing} failed: ${message}.`, { cause: thrown });
}

const LOCAL: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'transfer.local-disk-full',
  EDQUOT: 'transfer.quota',
  EFBIG: 'transfer.quota',
  EROFS: 'transfer.read-only',
  ENAMETOOLONG: 'transfer.name-too-long',
  EACCES: 'transfer.no-permission',
  EPERM: 'transfer.no-permission',
  EXDEV: 'transfer.other-file-system',
  ENOTEMPTY: 'transfer.not-empty',
  ENOTDIR: 'transfer.not-a-directory',
  EISDIR: 'transfer.is-a-directory',
  EEXIST: 'transfer.exists',
  ENOENT: 'transfer.missing',
  ELOOP: 'transfer.changed',
};
