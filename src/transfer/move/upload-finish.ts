import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { quoteRaw } from '../host/run-script.ts';
import { ARCHIVE_END, encodeHeader } from '../tar/header.ts';
import { type Entry, join, type Tree } from '../tree/entry.ts';
import type { Job, Place } from './job.ts';
import {
  attributesText,
  eachNoted,
  FUNCTIONS,
  type Line,
  noteFailed,
  runChecked,
  runLines,
} from './remote-commands.ts';

/** Folders whose modes and times are set by commands in the last script; more are set by a stream of their own. */
const INLINE_FOLDERS = 40;
/** Of these lines among others. */
const MARK = 'f';

export interface Finishing {
  readonly job: Job;
  readonly place: Place;
  readonly source: { readonly tree: Tree };
  readonly target: Tree;
  readonly actions: readonly Action[];
  readonly owners: boolean;
}

export function unpackText({ job, owners }: { readonly job: Job; readonly owners: boolean }): string {
  const { tar } = job.capabilities;
  const owner = owners ? (tar === 'busybox' ? '' : '--numeric-owner') : '-o';
  return `tar -x -p ${job.options.preserve ? '' : '-m'} ${owner} -f -`;
}

/** The last step: the new tree gets its name, folders get their modes and times, and the staging folder goes. */
export class UploadFinish {
  readonly #one: Finishing;
  readonly #made: ReadonlyMap<RawPath, Entry>;
  #isDone = false;
  /** What it does to folders, by commands in a script. */
  #lines: readonly Line[] = [];
  /** Folders whose time was changed by what was put into them or taken out. */
  readonly touched = new Set<RawPath>();
  /** Things came into new folders after those were unpacked. */
  isScattered = false;

  constructor(one: Finishing, made: readonly Action[]) {
    this.#one = one;
    const folders = made.filter(({ entry }) => entry.type === 'directory');
    this.#made = new Map(folders.map(({ path, entry }) => [path, entry]));
  }

  /** For the end of another script; undefined where it is too long. It counts as done. */
  takeText(): string | undefined {
    const folders = this.#folders(true);
    if (folders.length > INLINE_FOLDERS) return undefined;
    this.#isDone = true;
    return this.#text(folders);
  }

  async run(hasStage: boolean): Promise<void> {
    const folders = this.#folders(hasStage);
    if (this.#isDone || (!hasStage && folders.length === 0)) return;
    const { job } = this.#one;
    if (folders.length <= INLINE_FOLDERS) {
      const { stdout } = await runChecked(job, 'finishing', `${FUNCTIONS} ${this.#text(folders)} exit 0`);
      this.noteFailed(stdout);
      return;
    }
    const archive = Buffer.concat([...folders.map(folderHeader), ARCHIVE_END]);
    const base = quoteRaw(this.#one.place.base);
    const root = folders.filter(({ path }) => path === '');
    // the staging folder goes first: its going changes the time of the root
    const unpack = `( cd ${base} && ${unpackText(this.#one)} ) 2>/dev/null || printf '\\0some\\0';`;
    const script = `${FUNCTIONS} ${unpack} ${this.#text(root)} exit 0`;
    const { stdout } = await runChecked(job, 'finishing', script, { stdin: archive });
    this.noteFailed(stdout);
    // which of them, and why
    if (stdout.includes('\0some\0')) await runLines(job, this.#linesOf(folders));
  }

  /** What could not be done to folders, as the script said that `takeText` was a part of. */
  noteFailed(output: Buffer): void {
    noteFailed(this.#one.job, this.#lines, output, MARK);
  }

  #linesOf(folders: readonly Entry[]): readonly Line[] {
    const { place, owners } = this.#one;
    const lineOf = (entry: Entry): Line => ({
      path: entry.path,
      text: attributesText(join(place.root, entry.path), entry, owners),
    });
    return folders.map(lineOf).toReversed();
  }

  #text(folders: readonly Entry[]): string {
    const { place } = this.#one;
    const [base, root, stage] = [quoteRaw(place.base), quoteRaw(place.root), quoteRaw(place.stage)];
    // nobody has looked at what has come under this name meanwhile
    const name = `if [ -e ${base} ] || [ -h ${base} ]; then if [ -e ${root} ] || [ -h ${root} ]; then printf '%s: File exists\\n' ${root} >&2; exit 94; fi; mv -f -- ${base} ${root} || exit 93; fi;`;
    this.#lines = this.#linesOf(folders);
    return [place.isNew ? name : '', `cd /; rm -rf -- ${stage};`, eachNoted(this.#lines, MARK), ''].join(
      '\n',
    );
  }

  /** Folders that are there now and whose mode or time is not what it should be. */
  #folders(hasStage: boolean): readonly Entry[] {
    const { source, actions, target, job, place } = this.#one;
    if (!job.options.preserve) return [];
    const wanted = new Map<RawPath, Entry>();
    for (const { action, path, entry } of actions)
      if (action === 'attributes' && entry.type === 'directory') wanted.set(path, entry);
    for (const entry of this.#made.values()) if (this.#isUnfinished(entry)) wanted.set(entry.path, entry);
    for (const path of [...this.touched, ...(hasStage && !place.isNew ? [''] : [])]) {
      const entry = source.tree.entries.get(path);
      const isThere = target.entries.get(path)?.type === 'directory' && !this.#made.has(path);
      if (entry?.type === 'directory' && isThere) wanted.set(path, entry);
    }
    return [...wanted.values()];
  }

  #isUnfinished({ path, mode }: Entry): boolean {
    const { job, place } = this.#one;
    if (place.isNew && path !== '' && this.touched.has(path)) return true;
    return this.isScattered || job.capabilities.tar !== 'gnu' || (mode & 0o700) !== 0o700;
  }
}

function folderHeader({ path, mode, mtime, uid, gid }: Entry): Buffer {
  const name = path === '' ? '.' : `./${path}`;
  return encodeHeader({ path: name, type: 'directory', size: 0, mode, mtime, uid, gid, link: null });
}
