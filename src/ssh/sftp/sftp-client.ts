import { DeckhandError } from '../../core/deckhand-error.ts';
import { encodeAttributes, type FileAttributes, NO_ATTRIBUTES } from './attributes.ts';
import { explainFailure, type Look, type Operation, type StatusReply } from './explain-failure.ts';
import { OPENSSH } from './extension-names.ts';
import { decodeFileSystemFacts, type FileSystemFacts } from './file-system-facts.ts';
import { OPEN, REQUEST, STATUS } from './protocol-numbers.ts';
import { isDotName, isPlainName, type RemotePath, showPath, toRemotePath } from './remote-path.ts';
import type { Reply, ReplyType } from './reply.ts';
import { SftpHandle } from './sftp-handle.ts';
import type { RequestOptions, SftpLimits, SftpSession } from './sftp-session.ts';
import { type Field, protocolError, string, uint32, uint64 } from './wire.ts';

type Path = string | RemotePath;
type ReplyOf<T extends ReplyType> = Extract<Reply, { readonly type: T }>;

export interface OpenOptions extends RequestOptions {
  readonly read?: boolean;
  readonly write?: boolean;
  /** Makes the file when it is not there. */
  readonly create?: boolean;
  /** With `create`: fails when it is there (`transfer.exists`). */
  readonly exclusive?: boolean;
  readonly truncate?: boolean;
  /** Permission bits of a file that is made, less the server's umask. */
  readonly mode?: number;
}

export interface DirectoryEntry {
  readonly name: RemotePath;
  readonly attributes: FileAttributes;
}

/** Entries of one folder read unless told otherwise. */
const MOST_ENTRIES = 2_000_000;

/**
 * The operations of SFTP version 3 with OpenSSH's extensions. Paths are bytes; a text is UTF-8. Errors
 * are the `transfer.*` codes, `host.disk-full`, `command.cancelled`, `ssh.connection-lost`; an
 * extension the server lacks is `transfer.unsupported` (ask `session.supports` before).
 */
export class SftpClient implements AsyncDisposable {
  readonly session: SftpSession;
  readonly #look: Look = {
    lstat: path => this.lstat(path, { explain: false }).catch(() => null),
    facts: path => this.fileSystem(path, { explain: false }).catch(() => null),
  };

  constructor(session: SftpSession) {
    this.session = session;
  }

  get hostName(): string {
    return this.session.hostName;
  }
  get limits(): SftpLimits {
    return this.session.limits;
  }

  /** The absolute path without `.`, `..` and links, as far as it is there. */
  async realPath(path: Path, options: RequestOptions = {}): Promise<RemotePath> {
    const reply = await this.#ask(REQUEST.realpath, [], 'name', 'resolve', path, options);
    return onlyName(reply);
  }

  /** As `realPath`, and `~` and `~user` are expanded. Extension. */
  async expandPath(path: Path, options: RequestOptions = {}): Promise<RemotePath> {
    const before = [this.#extension(OPENSSH.expandPath)];
    return onlyName(await this.#ask(REQUEST.extended, before, 'name', 'resolve', path, options));
  }

  /** Follows links. */
  async stat(path: Path, options: RequestOptions = {}): Promise<FileAttributes> {
    return (await this.#ask(REQUEST.stat, [], 'attributes', 'look at', path, options)).attributes;
  }

  async lstat(
    path: Path,
    options: RequestOptions & { readonly explain?: boolean } = {},
  ): Promise<FileAttributes> {
    return (await this.#ask(REQUEST.lstat, [], 'attributes', 'look at', path, options)).attributes;
  }

  async statHandle(handle: SftpHandle, options: RequestOptions = {}): Promise<FileAttributes> {
    const fields = [string(handle.id)];
    const reply = await this.#onHandle(REQUEST.fstat, fields, 'attributes', 'look at', handle, options);
    return reply.attributes;
  }

  /** Of the file system the path lies on. Extension. */
  async fileSystem(
    path: Path,
    options: RequestOptions & { readonly explain?: boolean } = {},
  ): Promise<FileSystemFacts> {
    const before = [this.#extension(OPENSSH.statvfs)];
    const reply = await this.#ask(REQUEST.extended, before, 'extended', 'look at', path, options);
    return decodeFileSystemFacts(reply.body);
  }

  /** The file is closed with the handle: `await using file = await client.open(…)`. */
  async open(path: Path, options: OpenOptions): Promise<SftpHandle> {
    const bytes = toRemotePath(path);
    const flags =
      (options.read === true ? OPEN.read : 0) |
      (options.write === true ? OPEN.write : 0) |
      (options.create === true ? OPEN.create : 0) |
      (options.exclusive === true ? OPEN.exclusive : 0) |
      (options.truncate === true ? OPEN.truncate : 0);
    const attributes =
      options.mode === undefined ? [NO_ATTRIBUTES] : encodeAttributes({ mode: options.mode });
    const operation = options.exclusive === true ? 'create' : options.write === true ? 'write' : 'open';
    const fields = [string(bytes), uint32(flags), ...attributes];
    return this.#openHandle(REQUEST.open, fields, operation, bytes, options);
  }

  close(handle: SftpHandle): Promise<void> {
    return handle.close();
  }

  /**
   * The entries of a folder as they come, without `.` and `..`. Errors: `transfer.outside` for a name
   * that no folder can hold, `transfer.too-many-entries` beyond `limit` (default 2,000,000).
   */
  async *list(
    path: Path,
    options: RequestOptions & { readonly limit?: number } = {},
  ): AsyncGenerator<DirectoryEntry> {
    const { signal, limit = MOST_ENTRIES } = options;
    const bytes = toRemotePath(path);
    await using handle = await this.#openHandle(REQUEST.opendir, [string(bytes)], 'list', bytes, options);
    for (let seen = 0; ; ) {
      const reply = await this.session.request(REQUEST.readdir, [string(handle.id)], 'name', { signal });
      if (reply.type === 'status' && reply.code === STATUS.endOfFile) return;
      if (reply.type === 'status') throw await this.explain('list', bytes, reply);
      const entries = (reply as ReplyOf<'name'>).entries;
      // Some servers say so that nothing is left.
      if (entries.length === 0) return;
      for (const { name, attributes } of entries) {
        if (isDotName(name)) continue;
        seen += 1;
        if (seen > limit) throw tooMany(this.hostName, bytes, limit);
        if (!isPlainName(name)) throw outside(this.hostName, bytes, name);
        yield { name: Buffer.from(name), attributes };
      }
    }
  }

  async makeFolder(path: Path, options: RequestOptions & { readonly mode?: number } = {}): Promise<void> {
    const after = options.mode === undefined ? [NO_ATTRIBUTES] : encodeAttributes({ mode: options.mode });
    await this.#ask(REQUEST.mkdir, [], 'status', 'make the folder', path, options, after);
  }

  /** Only an empty one. */
  async removeFolder(path: Path, options: RequestOptions = {}): Promise<void> {
    await this.#ask(REQUEST.rmdir, [], 'status', 'remove the folder', path, options);
  }

  async remove(path: Path, options: RequestOptions = {}): Promise<void> {
    await this.#ask(REQUEST.remove, [], 'status', 'remove', path, options);
  }

  /** `transfer.exists` when something has the new name already. */
  rename(from: Path, to: Path, options: RequestOptions = {}): Promise<void> {
    return this.#twoPaths(REQUEST.rename, [], 'rename', from, to, options);
  }

  /** Atomically takes the place of what has the new name. Extension. */
  replace(from: Path, to: Path, options: RequestOptions = {}): Promise<void> {
    const before = [this.#extension(OPENSSH.posixRename)];
    return this.#twoPaths(REQUEST.extended, before, 'rename', from, to, options);
  }

  /** A second name for the same file. Extension. */
  hardLink(file: Path, name: Path, options: RequestOptions = {}): Promise<void> {
    const before = [this.#extension(OPENSSH.hardlink)];
    return this.#twoPaths(REQUEST.extended, before, 'link', file, name, options);
  }

  /** `name` becomes a link with the text `text`; the order on the wire is OpenSSH's, as all servers have it. */
  symbolicLink(text: Path, name: Path, options: RequestOptions = {}): Promise<void> {
    return this.#twoPaths(REQUEST.symlink, [], 'link', text, name, options);
  }

  /** The text of a link, as it is: it may lead anywhere. */
  async readLink(path: Path, options: RequestOptions = {}): Promise<RemotePath> {
    return onlyName(await this.#ask(REQUEST.readlink, [], 'name', 'read the link', path, options));
  }

  /** Follows links. A size truncates or extends. */
  async setAttributes(path: Path, attributes: FileAttributes, options: RequestOptions = {}): Promise<void> {
    await this.#ask(REQUEST.setstat, [], 'status', 'change', path, options, encodeAttributes(attributes));
  }

  /** Of a link itself. Extension. */
  async setLinkAttributes(
    path: Path,
    attributes: FileAttributes,
    options: RequestOptions = {},
  ): Promise<void> {
    const before = [this.#extension(OPENSSH.lsetstat)];
    const after = encodeAttributes(attributes);
    await this.#ask(REQUEST.extended, before, 'status', 'change', path, options, after);
  }

  async setHandleAttributes(
    handle: SftpHandle,
    attributes: FileAttributes,
    options: RequestOptions = {},
  ): Promise<void> {
    const fields = [string(handle.id), ...encodeAttributes(attributes)];
    await this.#onHandle(REQUEST.fsetstat, fields, 'status', 'change', handle, options);
  }

  /** Everything written is on the disk afterwards. Extension. */
  async sync(handle: SftpHandle, options: RequestOptions = {}): Promise<void> {
    const fields = [this.#extension(OPENSSH.fsync), string(handle.id)];
    await this.#onHandle(REQUEST.extended, fields, 'status', 'sync', handle, options);
  }

  /** Copies on the host itself; `length` 0 = to the end of the file. Extension. */
  async copyData(
    from: { readonly handle: SftpHandle; readonly offset: number; readonly length: number },
    to: { readonly handle: SftpHandle; readonly offset: number },
    options: RequestOptions = {},
  ): Promise<void> {
    const fields = [
      this.#extension(OPENSSH.copyData),
      string(from.handle.id),
      uint64(from.offset),
      uint64(from.length),
      string(to.handle.id),
      uint64(to.offset),
    ];
    await this.#onHandle(REQUEST.extended, fields, 'status', 'copy', to.handle, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session.close();
  }

  /** The typed error of a status, after a look at the host where the status says too little. */
  explain(
    operation: Operation,
    path: RemotePath,
    status: StatusReply,
    target?: RemotePath,
  ): Promise<DeckhandError> {
    const occasion = {
      operation,
      hostName: this.hostName,
      path,
      ...(target === undefined ? {} : { target }),
    };
    return explainFailure(occasion, status, this.#look);
  }

  async #ask<T extends ReplyType>(
    type: number,
    before: readonly Field[],
    expect: T,
    operation: Operation,
    path: Path,
    options: RequestOptions & { readonly explain?: boolean },
    after: readonly Field[] = [],
  ): Promise<ReplyOf<T>> {
    const bytes = toRemotePath(path);
    const reply = await this.session.request(type, [...before, string(bytes), ...after], expect, {
      signal: options.signal,
    });
    if (reply.type !== 'status' || reply.code === STATUS.ok) return reply as ReplyOf<T>;
    if (options.explain === false) throw new DeckhandError('transfer.refused', 'It cannot be looked at.');
    throw await this.explain(operation, bytes, reply);
  }

  async #twoPaths(
    type: number,
    before: readonly Field[],
    operation: Operation,
    first: Path,
    second: Path,
    { signal }: RequestOptions,
  ): Promise<void> {
    const [path, target] = [toRemotePath(first), toRemotePath(second)];
    const reply = await this.session.request(type, [...before, string(path), string(target)], 'status', {
      signal,
    });
    if (reply.type === 'status' && reply.code !== STATUS.ok)
      throw await this.explain(operation, path, reply, target);
  }

  async #onHandle<T extends ReplyType>(
    type: number,
    fields: readonly Field[],
    expect: T,
    operation: Operation,
    handle: SftpHandle,
    { signal }: RequestOptions,
  ): Promise<ReplyOf<T>> {
    const reply = await this.session.request(type, fields, expect, { signal });
    if (reply.type !== 'status' || reply.code === STATUS.ok) return reply as ReplyOf<T>;
    throw await this.explain(operation, handle.path, reply);
  }

  async #openHandle(
    type: number,
    fields: readonly Field[],
    operation: Operation,
    path: RemotePath,
    { signal }: RequestOptions,
  ): Promise<SftpHandle> {
    const reply = await this.session.request(type, fields, 'handle', {
      signal,
      // Nobody waits for it any more, but the server holds it open.
      onLate: late => {
        if (late.type === 'handle') void new SftpHandle(this.session, late.handle, path).close();
      },
    });
    if (reply.type === 'handle') return new SftpHandle(this.session, reply.handle, path);
    throw await this.explain(operation, path, reply as ReplyOf<'status'>);
  }

  #extension(name: string): Field {
    if (!this.session.supports(name)) {
      const message = `The SFTP server of ${this.hostName} has no ${name}.`;
      throw new DeckhandError('transfer.unsupported', message, {
        details: { host: this.hostName, extension: name },
      });
    }
    return string(name);
  }
}

function onlyName({ entries }: ReplyOf<'name'>): RemotePath {
  const [first] = entries;
  if (first === undefined || entries.length > 1)
    throw protocolError(`${entries.length} names instead of one`);
  return Buffer.from(first.name);
}

function tooMany(hostName: string, path: RemotePath, limit: number): DeckhandError {
  const message = `${showPath(path)} on ${hostName} has more than ${limit} entries.`;
  return new DeckhandError('transfer.too-many-entries', message, { details: { host: hostName, limit } });
}

function outside(hostName: string, path: RemotePath, name: RemotePath): DeckhandError {
  const message = `${hostName} lists "${showPath(name)}" in ${showPath(path)}: no folder can hold such a name.`;
  return new DeckhandError('transfer.outside', message, { details: { host: hostName } });
}
