import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { hashRemote } from '../host/hash-remote.ts';
import { quoteRaw, type ScriptResult } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import { join, parentOf, type Tree } from '../tree/entry.ts';
import type { FirstCopy } from './first-copy.ts';
import { hardLinksOf } from './hard-links.ts';
import { BIG, type Job, type Place } from './job.ts';
import type { PackReport } from './pack-report.ts';
import {
  attributesText,
  eachNoted,
  FUNCTIONS,
  type Line,
  noteFailed,
  renameText,
  runChecked,
  runLines,
  zeroList,
} from './remote-commands.ts';
import { uploadBig } from './upload-big.ts';
import { UploadFinish } from './upload-finish.ts';
import { stageText } from './stage-text.ts';
import { streamUp } from './upload-stream.ts';
import { type Top, Tops } from './upload-tops.ts';

/** Files and bytes of one stream: what is lost at most when it is interrupted. */
const BATCH_FILES = 20_000;
const BATCH_BYTES = 128 * 1024 * 1024;
/** Renames that go into the script of a stream; more go as requests of SFTP. */
const INLINE_RENAMES = 40;

export interface Upload {
  readonly job: Job;
  /** Absolute paths. */
  readonly place: Place;
  /** Of the tree on this machine. */
  readonly source: { readonly root: RawPath; readonly tree: Tree };
  /** What is at the target now. */
  readonly target: Tree;
  /** Those of the host's side. */
  readonly actions: readonly Action[];
  /** Owners are set. */
  readonly owners: boolean;
  /** The staging folder of an earlier claim may be there. */
  readonly resumes: boolean;
  /** Some of it is on its way already. */
  readonly first?: FirstCopy | undefined;
}

/** Carries out on the host what was decided for it. What fails for one file is noted in the job. */
export async function upload(one: Upload): Promise<void> {
  await new Uploading(one).run();
}

class Uploading {
  readonly #one: Upload;
  readonly #job: Job;
  readonly #place: Place;
  readonly #tops: Tops;
  readonly #made: readonly Action[];
  /** New names of files that are there under another. */
  readonly #links: ReadonlyMap<RawPath, RawPath>;
  readonly #big: readonly Action[];
  readonly #finish: UploadFinish;
  #hasStage = false;

  constructor(one: Upload) {
    this.#one = one;
    this.#job = one.job;
    this.#place = one.place;
    const made = one.actions.filter(({ action }) => action === 'create' || action === 'update');
    this.#links = hardLinksOf(one.source.tree, made, this.#job.options);
    this.#made = made.filter(({ path }) => !this.#links.has(path));
    this.#big = this.#made.filter(({ entry }) => entry.type === 'file' && entry.size >= BIG);
    this.#tops = new Tops(one.place, this.#made);
    this.#finish = new UploadFinish(one, this.#made);
  }

  async run(): Promise<void> {
    const { counts } = this.#job;
    const folders = this.#made.filter(({ entry }) => entry.type === 'directory').length;
    const links = this.#made.filter(({ entry }) => entry.type === 'symlink').length;
    this.#noteFolders();
    await this.#small();
    for (const action of this.#big) await this.#oneBig(action);
    await this.#rename(this.#tops.takeReady());
    await this.#hardLinks();
    await this.#attributes();
    await this.#deletions();
    await this.#finish.run(this.#hasStage || this.#one.resumes);
    counts.directories += folders;
    counts.links += links + this.#links.size;
  }

  /** What comes straight into a folder that an earlier claim made changes the time of that folder. */
  #noteFolders(): void {
    const { target } = this.#one;
    if (!this.#place.isNew) return;
    for (const { path } of this.#made)
      if (path !== '' && target.entries.has(parentOf(path))) this.#finish.touched.add(parentOf(path));
  }

  /** In the order of the tree: a tar sets a folder's time when it leaves it, and must not come back. */
  async #small(): Promise<void> {
    const all = this.#made.filter(({ entry }) => entry.type !== 'file' || entry.size < BIG);
    const small = await this.#withoutFirst(all);
    const batches: Action[][] = [];
    let bytes = Number.POSITIVE_INFINITY;
    for (const action of inTreeOrder(small)) {
      const { size } = action.entry;
      if ((batches.at(-1)?.length ?? 0) >= BATCH_FILES || bytes + size > BATCH_BYTES) {
        batches.push([]);
        bytes = 0;
      }
      batches.at(-1)?.push(action);
      bytes += size;
    }
    if (batches.length > 1) this.#finish.isScattered = true;
    for (const [index, batch] of batches.entries()) await this.#stream(batch, index === batches.length - 1);
  }

  /** One stream of small files: unpacked in the staging folder, compared by hash, and given its names. */
  async #stream(batch: readonly Action[], isLast: boolean): Promise<void> {
    for (const { path } of batch) this.#tops.of(path).pending -= 1;
    const ready = this.#tops.takeReady();
    const inline = ready.length <= INLINE_RENAMES;
    const renames = inline ? ready.map(top => this.#renameLine(top)) : [];
    if (inline) for (const top of ready) this.#wasPlaced(top);
    const { result, report } = await streamUp({
      job: this.#job,
      root: this.#one.source.root,
      owners: this.#one.owners,
      members: batch.map(({ entry }) => entry),
      nameOf: entry => this.#tops.staged(entry),
      before: `${FUNCTIONS} ${this.#stageText()}`,
      after: [
        this.#syncText(),
        eachNoted(renames),
        isLast && inline ? this.#finishText() : '',
        'exit 0',
      ].join('\n'),
    });
    this.#checkResult(result);
    noteFailed(this.#job, renames, result.stdout);
    this.#finish.noteFailed(result.stdout);
    await this.#count(report);
    if (!inline) await this.#rename(ready);
  }

  /** What was on its way before all was listed comes to its end. Returns those that were not. */
  async #withoutFirst(all: readonly Action[]): Promise<readonly Action[]> {
    const { first } = this.#one;
    if (first === undefined) return all;
    const rest = all.filter(({ path }) => !first.has(path));
    this.#hasStage = true;
    this.#finish.isScattered = rest.length > 0;
    const last = [this.#syncText(), rest.length === 0 ? this.#finishText() : '', 'exit 0'].join('\n');
    const sent = await first.finish(last);
    if (sent === null) return all;
    this.#checkResult(sent.result);
    this.#finish.noteFailed(sent.result.stdout);
    await this.#count(sent.report);
    for (const { path } of all) if (first.has(path)) this.#tops.of(path).pending -= 1;
    return rest;
  }

  #syncText(): string {
    return this.#job.capabilities.syncs ? `sync -f ${quoteRaw(this.#place.stage)} 2>/dev/null;` : '';
  }

  /** For the end of the last stream: empty unless nothing follows it. */
  #finishText(): string {
    const nothingFollows = this.#big.length === 0 && this.#links.size === 0;
    const onlyMade = this.#one.actions.every(({ action }) => action !== 'attributes' && action !== 'delete');
    return (nothingFollows && onlyMade ? this.#finish.takeText() : undefined) ?? '';
  }

  #checkResult({ exitCode, errors }: ScriptResult): void {
    const doing = `writing to ${showRaw(this.#place.root)}`;
    if (exitCode !== 0) throw scriptError(this.#job.hostName, doing, errors, exitCode);
  }

  async #count(report: PackReport): Promise<void> {
    for (const { path, error } of report.failed) this.#job.fail(path, error);
    await this.#checkRest(report);
    this.#job.counts.files += report.files;
    this.#job.counts.bytes += report.bytes;
  }

  /** Names that a manifest cannot hold are asked for by themselves, wherever they are by now. */
  async #checkRest({ files, unchecked: rest }: PackReport): Promise<void> {
    const job = this.#job;
    job.counts.verified += files - rest.length;
    if (rest.length === 0 || job.capabilities.hash === '') return;
    const { stage, root } = this.#place;
    const places = new Map(
      rest.flatMap(({ entry, hash }) => [
        [join(stage, this.#tops.staged(entry)), { hash, entry }] as const,
        [join(root, entry.path), { hash, entry }] as const,
      ]),
    );
    const found = await hashRemote(job.connection, job.capabilities.hash, [...places.keys()], job.signal);
    const right = new Set(
      [...found]
        .filter(([path, hash]) => places.get(path)?.hash === hash)
        .map(([path]) => places.get(path)?.entry),
    );
    for (const { entry } of rest) {
      if (right.has(entry)) job.counts.verified += 1;
      else job.fail(entry.path, checksumError(job, entry.path));
    }
  }

  async #oneBig(action: Action): Promise<void> {
    const { path, entry } = action;
    const { source, owners } = this.#one;
    const { stage } = this.#place;
    try {
      await this.#makeStage();
      this.#finish.isScattered = true;
      const top = this.#tops.of(path);
      const staged = join(stage, this.#tops.staged(entry));
      const big = { job: this.#job, source: join(source.root, path), entry, stage, staged, owners };
      const target = join(this.#place.root, path);
      const inPlace = await uploadBig({
        ...big,
        target,
        existing: this.#place.isNew ? null : action.existing,
      });
      top.pending -= 1;
      if (inPlace) top.isPlaced = true;
      this.#job.counts.files += 1;
      await this.#rename(this.#tops.takeReady());
    } catch (error) {
      this.#job.fail(path, error);
    }
  }

  /** By requests of SFTP, many at once; by a script where there is no such server, or where a folder must give way. */
  async #rename(tops: readonly Top[]): Promise<void> {
    if (tops.length === 0) return;
    const { signal } = this.#job;
    const sftp = tops.length > INLINE_RENAMES ? await this.#job.sftp() : null;
    const canReplace = sftp?.session.supports('posix-rename@openssh.com') === true;
    const failed = new Set(this.#job.failures.map(({ path }) => path));
    const isFast = ({ action }: Top): boolean =>
      canReplace && action.existing?.type !== 'directory' && action.entry.type !== 'directory';
    const fast = tops.filter(isFast).filter(({ action }) => !failed.has(action.path));
    await Promise.all(
      fast.map(async ({ action, label }) => {
        const from = Buffer.from(join(this.#place.stage, label), 'latin1');
        const to = Buffer.from(join(this.#place.root, action.path), 'latin1');
        await sftp
          ?.replace(from, to, { signal })
          .catch((error: unknown) => this.#job.fail(action.path, error));
      }),
    );
    await runLines(
      this.#job,
      tops.filter(top => !isFast(top)).map(top => this.#renameLine(top)),
    );
    for (const top of tops) this.#wasPlaced(top);
  }

  #renameLine({ label, action }: Top): Line {
    const { path, existing, entry } = action;
    const to = join(this.#place.root, path);
    const isInTheWay = existing?.type === 'directory' || (existing !== null && entry.type === 'directory');
    const clear = isInTheWay ? `rm -rf -- ${quoteRaw(to)} && ` : '';
    return { path, text: `${clear}${renameText(join(this.#place.stage, label), to)}` };
  }

  #wasPlaced({ action }: Top): void {
    this.#finish.touched.add(parentOf(action.path));
  }

  async #hardLinks(): Promise<void> {
    if (this.#links.size === 0) return;
    await this.#makeStage();
    this.#finish.isScattered = true;
    const { stage, base } = this.#place;
    const lines = [...this.#links].map(([path, first], index): Line => {
      const staged = join(stage, `h${index}`);
      const link = `rm -f -- ${quoteRaw(staged)} && ln -- ${quoteRaw(join(base, first))} ${quoteRaw(staged)}`;
      this.#finish.touched.add(parentOf(path));
      return { path, text: `${link} && ${renameText(staged, join(base, path))}` };
    });
    await runLines(this.#job, lines);
  }

  async #attributes(): Promise<void> {
    const { base } = this.#place;
    const changed = this.#one.actions.filter(
      ({ action, entry }) => action === 'attributes' && entry.type !== 'directory',
    );
    await runLines(
      this.#job,
      changed.map(({ path, entry }) => ({
        path,
        text: attributesText(join(base, path), entry, this.#one.owners),
      })),
    );
  }

  async #deletions(): Promise<void> {
    const gone = this.#one.actions.filter(({ action }) => action === 'delete');
    const lists = [
      ['rm -f --', gone.filter(({ entry }) => entry.type !== 'directory')],
      ['rmdir --', gone.filter(({ entry }) => entry.type === 'directory')],
    ] as const;
    for (const [command, actions] of lists) {
      if (actions.length === 0) continue;
      const stdin = zeroList(actions.map(({ path }) => join(this.#place.base, path)));
      await runChecked(this.#job, 'removing', `xargs -0 ${command}`, { stdin });
      this.#job.counts.deleted += actions.length;
    }
    for (const { path } of gone) this.#finish.touched.add(parentOf(path));
  }

  #stageText(): string {
    const text = stageText(this.#place, this.#hasStage);
    this.#hasStage = true;
    return text;
  }

  async #makeStage(): Promise<void> {
    if (this.#hasStage) return;
    await runChecked(this.#job, `making ${showRaw(this.#place.stage)}`, this.#stageText());
  }
}

/** What is in a folder follows it at once. */
function inTreeOrder(actions: readonly Action[]): readonly Action[] {
  const keyed = actions.map(action => ({ action, key: action.path.replaceAll('/', '\0') }));
  keyed.sort((one, other) => (one.key < other.key ? -1 : Number(one.key > other.key)));
  return keyed.map(({ action }) => action);
}

export function checksumError({ hostName }: Job, path: RawPath): DeckhandError {
  return new DeckhandError('transfer.checksum', `${showRaw(path)} is not the same on ${hostName} and here.`);
}
