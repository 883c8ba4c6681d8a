import { linkSync, lstatSync, mkdirSync, renameSync, rmdirSync, rmSync, unlinkSync } from 'node:fs';
import { type RawPath, rawToBytes, showRaw } from '../../core/raw-path.ts';
import { DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import type { Action } from '../decide/action.ts';
import { hashRemote } from '../host/hash-remote.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import { ARCHIVE_END, encodeHeader } from '../tar/header.ts';
import { type Entry, join, nameOf, parentOf, type Tree } from '../tree/entry.ts';
import { downloadBig } from './download-big.ts';
import { bundleDown } from './download-bundle.ts';
import { type StreamDown, streamDown } from './download-stream.ts';
import { hardLinksOf } from './hard-links.ts';
import { BIG, type Job, partName, type Place } from './job.ts';
import { isWorthComparing } from './delta-blocks.ts';
import { downloadDelta } from './delta-download.ts';
import { LocalTar } from './local-tar.ts';
import { makeLocalStage, SafeFolders, setLocalAttributes, setLocalTime, syncLocal } from './local-place.ts';
import { changed } from './read-source.ts';

const BATCH_FILES = 20_000;
const BATCH_BYTES = 128 * 1024 * 1024;

export interface Download {
  readonly job: Job;
  readonly place: Place;
  /** Of the tree on the host; absolute. */
  readonly source: { readonly root: RawPath; readonly tree: Tree };
  readonly target: Tree;
  /** Those of this machine's side. */
  readonly actions: readonly Action[];
  readonly owners: boolean;
  /** What a new file's mode loses here. */
  readonly umask: number;
  /** The staging folder of an earlier claim may be there. */
  readonly resumes: boolean;
}

/** Carries out on this machine what was decided for it. Whatever the host says, nothing is written outside the root. */
export async function download(one: Download): Promise<void> {
  await new Downloading(one).run();
}

class Downloading {
  readonly #one: Download;
  readonly #job: Job;
  readonly #place: Place;
  readonly #made: readonly Action[];
  readonly #links: ReadonlyMap<RawPath, RawPath>;
  readonly #safe: SafeFolders;
  readonly #touched = new Set<RawPath>();
  #numbers = 0;

  constructor(one: Download) {
    this.#one = one;
    this.#job = one.job;
    this.#place = one.place;
    const made = one.actions.filter(({ action }) => action === 'create' || action === 'update');
    this.#links = hardLinksOf(one.source.tree, made, this.#job.options);
    this.#made = made.filter(({ path }) => !this.#links.has(path));
    this.#safe = new SafeFolders(one.place.base);
  }

  async run(): Promise<void> {
    const changes = this.#one.actions.some(({ action }) => action !== 'skip' && action !== 'conflict');
    if (!changes && !this.#one.resumes) return;
    makeLocalStage(this.#place);
    for (const action of this.#made) this.#clearWay(action);
    for (const action of this.#made) if (action.entry.type === 'directory') this.#folder(action);
    const files = this.#made.filter(({ entry }) => entry.type === 'file');
    const { counts } = this.#job;
    await this.#small(files.filter(({ entry }) => !this.#isBig(entry)));
    for (const { path, entry } of files.filter(({ entry }) => this.#isBig(entry)))
      await this.#big(path, entry);
    await this.#symlinks();
    for (const [path, first] of this.#links) this.#hardLink(path, first);
    counts.links += this.#links.size + this.#made.filter(({ entry }) => entry.type === 'symlink').length;
    await this.#attributes();
    this.#deletions();
    if (!this.#place.isNew) this.#removeStage();
    await this.#folderAttributes();
    this.#takeName();
  }

  /** Without GNU tar several names of one file would come as links. */
  #isBig({ size, inode }: Entry): boolean {
    const { tar } = this.#job.capabilities;
    return size >= BIG || tar === 'none' || (tar !== 'gnu' && inode !== null);
  }

  #at(path: RawPath): Buffer {
    return rawToBytes(join(this.#place.base, path));
  }
  #stage(name: RawPath): RawPath {
    return join(this.#place.stage, name);
  }

  #clearWay({ path, existing, entry }: Action): void {
    if (existing === null || existing.type === entry.type) return;
    if (existing.type !== 'directory' && entry.type !== 'directory') return;
    this.#safe.check(path);
    rmSync(this.#at(path), { recursive: true, force: true });
    this.#safe.forget();
  }

  #folder({ path }: Action): void {
    this.#safe.check(path);
    // its own mode comes when everything is in it
    mkdirSync(this.#at(path), { mode: 0o700 });
    this.#touched.add(parentOf(path));
    this.#job.counts.directories += 1;
  }

  /** From the staging folder into its place, through folders that are none but folders. */
  #put(staged: RawPath, path: RawPath): void {
    this.#safe.check(path);
    const there = lstatSync(this.#at(path), { throwIfNoEntry: false });
    if (there?.isDirectory() === true)
      throw new DeckhandError('transfer.is-a-directory', `${showRaw(path)} has become a folder meanwhile.`);
    renameSync(rawToBytes(staged), this.#at(path));
    this.#touched.add(parentOf(path));
  }

  async #small(files: readonly Action[]): Promise<void> {
    let batch: Action[] = [];
    let bytes = 0;
    const batches: Action[][] = [];
    for (const action of files) {
      if (batch.length === 0) batches.push(batch);
      batch.push(action);
      bytes += action.entry.size;
      if (batch.length < BATCH_FILES && bytes < BATCH_BYTES) continue;
      batch = [];
      bytes = 0;
    }
    for (const each of batches) {
      const left = await this.#stream(each);
      // once more for what changed while it was read
      const torn = left.length === 0 ? [] : await this.#stream(left);
      for (const { path } of torn) this.#job.fail(path, await this.#whyNot(path));
    }
  }

  async #whyNot(path: RawPath): Promise<DeckhandError> {
    const full = quoteRaw(this.#remote(path));
    const { errors, exitCode } = await runScript(this.#job.connection, `cat ${full} >/dev/null`, {
      signal: this.#job.signal,
    });
    return exitCode === 0 ? changed(path) : scriptError(this.#job.hostName, showRaw(path), errors, exitCode);
  }

  /** One stream of small files, unpacked and compared. Returns those that were not whole or not equal. */
  async #stream(batch: readonly Action[]): Promise<readonly Action[]> {
    const job = this.#job;
    const files = batch.map(action => ({
      action,
      member: this.#member(action.path),
      name: this.#streamedName(action.path),
    }));
    const { source, owners, umask } = this.#one;
    const isArrived = await this.#arrive({ job, source, folder: this.#place.stage, files, owners, umask });
    const left: Action[] = [];
    for (const { action, name } of files) {
      const { path } = action;
      const bytes = isArrived(action, name);
      if (bytes === undefined) {
        left.push(action);
        continue;
      }
      try {
        if (this.#place.isNew) this.#touched.add(parentOf(path));
        else this.#put(this.#stage(name), path);
        job.counts.files += 1;
        job.counts.bytes += bytes;
        if (this.#job.capabilities.hash !== '') job.counts.verified += 1;
      } catch (error) {
        job.fail(path, error);
      }
    }
    return left;
  }

  /** As one bundle, or as a tar and hashes; on disk. Returns how to ask for the bytes of a file that is here and equal. */
  async #arrive(stream: StreamDown): Promise<(action: Action, name: RawPath) => number | undefined> {
    const job = this.#job;
    const bundled = await bundleDown(stream);
    if (bundled !== null) return ({ path }) => bundled.get(path);
    const { capabilities, connection, signal } = job;
    const paths = stream.files.map(({ action }) => this.#remote(action.path));
    const [hashes, there] = await Promise.all([
      streamDown(stream),
      hashRemote(connection, capabilities.hash, paths, signal),
    ]);
    await syncLocal(this.#place.stage);
    return ({ path }, name) => {
      const arrived = hashes.get(path);
      if (arrived === undefined) return undefined;
      if (capabilities.hash === '' || arrived.hash === there.get(this.#remote(path))) return arrived.bytes;
      rmSync(rawToBytes(this.#stage(name)), { force: true });
      job.arrived(-arrived.bytes, path);
      return undefined;
    };
  }

  /** In a tree that is itself being built each has its place already. */
  #streamedName(path: RawPath): RawPath {
    if (this.#place.isNew) return join('tree', path);
    this.#numbers += 1;
    return String(this.#numbers);
  }

  #member(path: RawPath): RawPath {
    return path === '' ? nameOf(this.#one.source.root) : path;
  }
  #remote(path: RawPath): RawPath {
    return join(this.#one.source.root, path);
  }

  async #big(path: RawPath, entry: Entry): Promise<void> {
    const job = this.#job;
    try {
      const part = await this.#bigPart(path, entry);
      const mode = job.options.preserve ? entry.mode : entry.mode & 0o777 & ~this.#one.umask;
      if (job.options.preserve) {
        setLocalAttributes(part, entry, this.#one.owners);
        await setLocalTime(part, entry.mtime);
      } else
        setLocalAttributes(
          part,
          { ...entry, mode, mtime: BigInt(job.options.clock.now()) * 1_000_000n },
          false,
        );
      if (part !== join(this.#place.base, path)) this.#put(part, path);
      job.counts.files += 1;
    } catch (error) {
      job.fail(path, error);
    }
  }

  /** Whole and compared; where the target itself was changed by blocks, that. */
  async #bigPart(path: RawPath, entry: Entry): Promise<RawPath> {
    const job = this.#job;
    const { stage, base, isNew } = this.#place;
    const source = this.#remote(path);
    if (job.capabilities.python && !isNew && isWorthComparing(entry, this.#one.target.entries.get(path))) {
      this.#safe.check(path);
      const target = join(base, path);
      const part = job.options.inplace ? undefined : join(stage, `d-${partName(path).slice(2)}`);
      try {
        await downloadDelta({ job, source, entry, target, part });
        return part ?? target;
      } catch (error) {
        if (toDeckhandError(error).code !== 'transfer.changed') throw error;
        // it changed while it was read: once more, as a whole
      }
    }
    return await downloadBig({ job, source, entry, stage });
  }

  /** By tar as well: it sets their times to the nanosecond. */
  async #symlinks(): Promise<void> {
    const links = this.#made.filter(({ entry }) => entry.type === 'symlink');
    if (links.length === 0) return;
    const local = new LocalTar(this.#place.stage, {
      owners: this.#one.owners,
      preserve: this.#job.options.preserve,
    });
    for (const [index, { entry }] of links.entries()) {
      const { mtime, uid, gid, link } = entry;
      const member = { type: 'symlink', size: 0, mode: 0o777, mtime, uid, gid, link } as const;
      await local.write(encodeHeader({ ...member, path: `l${index}` }));
    }
    await local.write(ARCHIVE_END);
    await local.end();
    for (const [index, { path }] of links.entries()) {
      try {
        this.#put(this.#stage(`l${index}`), path);
      } catch (error) {
        this.#job.fail(path, error);
      }
    }
  }

  #hardLink(path: RawPath, first: RawPath): void {
    const name = this.#stage(`h${this.#numbers}`);
    this.#numbers += 1;
    try {
      this.#safe.check(first);
      linkSync(this.#at(first), rawToBytes(name));
      // a name of the same file already: the rename would do nothing and leave ours
      this.#put(name, path);
      rmSync(rawToBytes(name), { force: true });
    } catch (error) {
      this.#job.fail(path, error);
    }
  }

  async #attributes(): Promise<void> {
    for (const { action, path, entry } of this.#one.actions) {
      if (action !== 'attributes' || entry.type === 'directory') continue;
      try {
        this.#safe.check(path);
        setLocalAttributes(join(this.#place.base, path), entry, this.#one.owners);
        if (entry.type === 'file') await setLocalTime(join(this.#place.base, path), entry.mtime);
      } catch (error) {
        this.#job.fail(path, error);
      }
    }
  }

  #deletions(): void {
    for (const { action, path, entry } of this.#one.actions) {
      if (action !== 'delete') continue;
      try {
        this.#safe.check(path);
        if (entry.type === 'directory') rmdirSync(this.#at(path));
        else unlinkSync(this.#at(path));
        this.#job.counts.deleted += 1;
        this.#touched.add(parentOf(path));
      } catch (error) {
        this.#job.fail(path, error);
      }
    }
  }

  /** By tar, which sets nanoseconds of folders that are there. */
  async #folderAttributes(): Promise<void> {
    const { source, target, umask } = this.#one;
    const { preserve } = this.#job.options;
    const wanted = new Map<RawPath, Entry>();
    for (const { action, path, entry } of this.#one.actions)
      if (
        entry.type === 'directory' &&
        (action === 'create' || action === 'update' || action === 'attributes')
      )
        wanted.set(path, preserve ? entry : { ...entry, mode: entry.mode & 0o777 & ~umask });
    if (preserve)
      for (const path of [...this.#touched, '']) {
        const entry = source.tree.entries.get(path);
        if (entry?.type === 'directory' && target.entries.get(path)?.type === 'directory')
          wanted.set(path, entry);
      }
    if (wanted.size === 0) return;
    const local = new LocalTar(this.#place.base, { owners: this.#one.owners, preserve });
    for (const { path, mode, mtime, uid, gid } of wanted.values()) {
      const name = path === '' ? '.' : `./${path}`;
      await local.write(
        encodeHeader({ path: name, type: 'directory', size: 0, mode, mtime, uid, gid, link: null }),
      );
    }
    await local.write(ARCHIVE_END);
    await local.end();
  }
  /** The new tree is complete. */
  #takeName(): void {
    const { isNew, base, root } = this.#place;
    if (!isNew) return;
    if (lstatSync(rawToBytes(base), { throwIfNoEntry: false }) !== undefined) {
      if (lstatSync(rawToBytes(root), { throwIfNoEntry: false }) !== undefined)
        throw new DeckhandError('transfer.exists', `${showRaw(root)} has come into being meanwhile.`);
      renameSync(rawToBytes(base), rawToBytes(root));
    }
    this.#removeStage();
  }

  /** Its going changes the time of the root it is in. */
  #removeStage(): void {
    rmSync(rawToBytes(this.#place.stage), { recursive: true, force: true });
  }
}
