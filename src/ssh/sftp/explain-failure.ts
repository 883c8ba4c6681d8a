import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ErrorCode } from '../../core/error-table.ts';
import { showBytes } from '../../core/untrusted.ts';
import { type FileAttributes, kindOf } from './attributes.ts';
import type { FileSystemFacts } from './file-system-facts.ts';
import { STATUS } from './protocol-numbers.ts';
import { parentOf, type RemotePath, showPath } from './remote-path.ts';

export type Operation =
  | 'open'
  | 'create'
  | 'read'
  | 'write'
  | 'look at'
  | 'list'
  | 'make the folder'
  | 'remove the folder'
  | 'remove'
  | 'rename'
  | 'link'
  | 'read the link'
  | 'change'
  | 'sync'
  | 'resolve'
  | 'copy';

/** What was tried when the server refused. */
export interface Occasion {
  readonly operation: Operation;
  readonly hostName: string;
  readonly path: RemotePath;
  /** The second path: a rename's target, a link's name. What is made lies there. */
  readonly target?: RemotePath;
}

/** How to look at the host; both answer null where the server does not tell. */
export interface Look {
  readonly lstat: (path: RemotePath) => Promise<FileAttributes | null>;
  readonly facts: (path: RemotePath) => Promise<FileSystemFacts | null>;
}

export interface StatusReply {
  readonly code: number;
  readonly message: Uint8Array;
}

/** Bytes of a name and of a path that no Linux file system and no system call exceeds. */
const LONGEST_NAME = 255;
const LONGEST_PATH = 4095;
/** Bytes below which a failed write is taken for a full disk: less than one request. */
const NO_ROOM = 256 * 1024;
const SLASH = 0x2f;

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  [STATUS.permissionDenied]: 'transfer.no-permission',
  [STATUS.noConnection]: 'ssh.connection-lost',
  [STATUS.connectionLost]: 'ssh.connection-lost',
  [STATUS.unsupported]: 'transfer.unsupported',
  [STATUS.noSuchPath]: 'transfer.missing',
  [STATUS.alreadyExists]: 'transfer.exists',
  [STATUS.writeProtected]: 'transfer.read-only',
  [STATUS.noSpace]: 'host.disk-full',
  [STATUS.quotaExceeded]: 'transfer.quota',
  [STATUS.notEmpty]: 'transfer.not-empty',
  [STATUS.notADirectory]: 'transfer.not-a-directory',
  [STATUS.isADirectory]: 'transfer.is-a-directory',
};

const MAKES: ReadonlySet<Operation> = new Set([
  'create',
  'make the folder',
  'rename',
  'link',
  'write',
  'copy',
]);
const ON_FILES: ReadonlySet<Operation> = new Set(['open', 'create', 'read', 'write', 'remove']);

/**
 * A status as a typed error. The protocol has one word for most causes ("Failure"): then a look at the
 * paths and their file system says which it was. Never throws.
 */
export async function explainFailure(
  occasion: Occasion,
  status: StatusReply,
  look: Look,
): Promise<DeckhandError> {
  const made = occasion.target ?? occasion.path;
  const known = BY_STATUS[status.code];
  if (known !== undefined) return errorOf(known, occasion, status, made);
  if (isTooLong(made)) return errorOf('transfer.name-too-long', occasion, status, made);
  if (status.code === STATUS.noSuchFile) {
    const lowest = occasion.operation === 'list' ? occasion.path : parentOf(occasion.path);
    const broken = await fileInTheWay(lowest, look);
    if (broken !== null) return errorOf('transfer.not-a-directory', occasion, status, broken);
    return errorOf('transfer.missing', occasion, status, occasion.path);
  }
  const [code, path] = await causeOf(occasion, made, look);
  return errorOf(code, occasion, status, path);
}

async function causeOf(occasion: Occasion, made: RemotePath, look: Look): Promise<[ErrorCode, RemotePath]> {
  const { operation, path, target } = occasion;
  const there = await look.lstat(made);
  const kind = there === null ? null : kindOf(there);
  if (kind === 'directory' && ON_FILES.has(operation)) return ['transfer.is-a-directory', made];
  if (operation === 'remove the folder') {
    if (kind !== null && kind !== 'directory') return ['transfer.not-a-directory', made];
    if (kind === 'directory') return (await isReadOnly(made, look)) ?? ['transfer.not-empty', made];
  }
  if (kind !== 'directory' && kind !== null && operation === 'list')
    return ['transfer.not-a-directory', made];
  const facts = (await look.facts(made)) ?? (await look.facts(parentOf(made)));
  if (facts?.readOnly === true) return ['transfer.read-only', made];
  if (facts !== null && longestPart(made) > facts.longestName) return ['transfer.name-too-long', made];
  if (there !== null && (operation === 'make the folder' || operation === 'link'))
    return ['transfer.exists', made];
  if (target !== undefined) {
    const from = await look.facts(parentOf(path));
    if (from !== null && facts !== null && from.id !== facts.id) return ['transfer.other-file-system', made];
    if (there !== null) return ['transfer.exists', made];
  }
  if (facts !== null && MAKES.has(operation)) {
    if (facts.available < NO_ROOM) return ['host.disk-full', made];
    if (facts.files > 0 && facts.availableFiles === 0) return ['host.disk-full', made];
    if (operation === 'write') return ['transfer.quota', made];
  }
  if (there !== null && operation === 'create') return ['transfer.exists', made];
  return ['transfer.refused', made];
}

async function isReadOnly(path: RemotePath, look: Look): Promise<[ErrorCode, RemotePath] | null> {
  const facts = await look.facts(path);
  return facts?.readOnly === true ? ['transfer.read-only', path] : null;
}

/** The lowest part of the path that is there, if it is no folder. */
async function fileInTheWay(path: RemotePath, look: Look): Promise<RemotePath | null> {
  let at = path;
  // As many steps as a path can have parts, in case a server finds nothing anywhere.
  for (let step = 0; step < 64; step += 1) {
    const there = await look.lstat(at);
    const kind = there === null ? null : kindOf(there);
    if (kind === 'directory' || kind === 'symlink') return null;
    if (kind !== null) return at;
    const above = parentOf(at);
    if (Buffer.compare(above, at) === 0) return null;
    at = above;
  }
  return null;
}

function isTooLong(path: RemotePath): boolean {
  return path.length > LONGEST_PATH || longestPart(path) > LONGEST_NAME;
}

function longestPart(path: RemotePath): number {
  let longest = 0;
  let start = 0;
  for (let at = 0; at <= path.length; at += 1) {
    if (at < path.length && path[at] !== SLASH) continue;
    longest = Math.max(longest, at - start);
    start = at + 1;
  }
  return longest;
}

const BECAUSE: Readonly<Partial<Record<ErrorCode, string>>> = {
  'transfer.missing': 'it is not there',
  'transfer.no-permission': 'the account may not',
  'transfer.exists': 'it is there already',
  'transfer.read-only': 'its file system is read-only',
  'transfer.name-too-long': 'the name is too long',
  'transfer.not-a-directory': 'it is no folder',
  'transfer.is-a-directory': 'it is a folder',
  'transfer.not-empty': 'it is not empty',
  'transfer.other-file-system': 'it lies on another file system',
  'transfer.quota': 'the account may not store more (quota or file size limit)',
  'transfer.unsupported': 'the server cannot do that',
  'host.disk-full': 'its file system is full',
  'ssh.connection-lost': 'the server lost its connection',
};

function errorOf(code: ErrorCode, occasion: Occasion, status: StatusReply, place: RemotePath): DeckhandError {
  const { hostName, operation, path, target } = occasion;
  const words = showBytes(status.message).slice(0, 200);
  const said = words === '' ? '' : ` (the server says "${words}")`;
  const where = Buffer.compare(place, path) === 0 ? '' : ` at ${showPath(place)}`;
  const because = BECAUSE[code] ?? 'the server gave no reason that a look could find';
  const to = target === undefined ? '' : ` to ${showPath(target)}`;
  return new DeckhandError(
    code,
    `Could not ${operation} ${showPath(path)}${to} on ${hostName}: ${because}${where}${said}.`,
    { details: { host: hostName, path: showPath(path), operation, status: status.code } },
  );
}
