import type { RawPath } from '../../core/raw-path.ts';
import { type BothTrees, type ListWatch, trimmed } from '../both-trees.ts';
import type { Action } from '../decide/action.ts';
import { quoteRaw, type ScriptResult } from '../host/run-script.ts';
import type { Capabilities } from '../host/capabilities.ts';
import type { TransferRequest } from '../transfer-request.ts';
import { type Entry, join } from '../tree/entry.ts';
import { Gathered } from '../gathered.ts';
import { BIG, type Job, type Place } from './job.ts';
import { isSmall, packAsTheyCome } from './pack.ts';
import { PackReport } from './pack-report.ts';
import { runChecked } from './remote-commands.ts';
import { stageText } from './stage-text.ts';
import { sendBundle } from './upload-stream.ts';

/** Files that are given to a thread together. */
const MOST_AT_ONCE = 20_000;

export interface FirstCopyOptions {
  readonly request: TransferRequest;
  readonly makeJob: (capabilities: Capabilities) => Job;
}

/**
 * A folder goes to where nothing is: there is nothing to compare, so its small files are on their way to the staging
 * folder while the rest of it is still listed. Nothing has its name before all is listed and decided as always; what was
 * decided otherwise by then takes it all back.
 */
export class FirstCopy implements ListWatch, AsyncDisposable {
  readonly #options: FirstCopyOptions;
  readonly #stop = new AbortController();
  readonly #sent = new Set<RawPath>();
  readonly #inodes = new Set<string>();
  #report: PackReport | undefined;
  /** What was listed and is not yet asked for. */
  readonly #waiting = new Gathered<Entry>(MOST_AT_ONCE);
  /** It was decided otherwise. */
  #isInVain = false;
  #job: Job | undefined;
  #place: Place | undefined;
  #running: Promise<ScriptResult | null> | undefined;
  readonly #last = Promise.withResolvers<string>();

  private constructor(options: FirstCopyOptions) {
    this.#options = options;
  }

  /** Undefined where more is asked for than that. */
  static of(options: FirstCopyOptions): FirstCopy | undefined {
    const { direction, dryRun, diff, links, xattrs, acls } = options.request;
    const looksOnly = dryRun || diff === true;
    const isPlain = links !== 'follow' && xattrs !== true && acls !== true;
    return direction === 'push' && !looksOnly && isPlain ? new FirstCopy(options) : undefined;
  }

  /** What it has begun with; the same for what follows. */
  get job(): Job | undefined {
    return this.#job;
  }

  has(path: RawPath): boolean {
    return this.#sent.has(path);
  }

  onHost({ remote, capabilities }: Pick<BothTrees, 'remote' | 'capabilities'>): void {
    if (!remote.place.isNew || remote.tree.entries.size > 0) return;
    const job = this.#options.makeJob(capabilities);
    this.#job = job;
    if (!job.canBundle) return;
    this.#place = remote.place;
    this.#beginIfWorthIt();
  }

  onHere(entries: readonly Entry[]): void {
    const hasNoWay = this.#job !== undefined && this.#place === undefined;
    if (hasNoWay || this.#stop.signal.aborted) return;
    for (const entry of entries) {
      if (!this.#goesAhead(entry)) continue;
      this.#waiting.add(entry);
      this.#sent.add(entry.path);
    }
    this.#beginIfWorthIt();
  }

  /** All is decided. False: nothing was begun, or it is gone again, because it is not what was decided. */
  async agrees(actions: readonly Action[]): Promise<boolean> {
    this.#waiting.end();
    const running = this.#running;
    if (running === undefined || this.#job === undefined || this.#place === undefined) return false;
    const agreed = actions.filter(({ action, path }) => action === 'create' && this.#sent.has(path));
    if (agreed.length === this.#sent.size) return true;
    const removal = `cd / && rm -rf -- ${quoteRaw(this.#place.stage)}`;
    // by whoever unpacks: somebody else would remove it while more is written there
    this.#isInVain = true;
    this.#last.resolve(removal);
    await running.catch(() => undefined);
    // where it ended before its last word
    await runChecked(this.#job, 'removing', removal);
    this.#report?.takeBack();
    return false;
  }

  /** Sends the rest, and shell text that is run when all is unpacked. Null: the host cannot, and nothing counts. */
  async finish(last: string): Promise<{ readonly result: ScriptResult; readonly report: PackReport } | null> {
    this.#last.resolve(last);
    const result = (await this.#running) ?? null;
    const report = this.#report;
    if (result !== null && report) return { result, report };
    report?.takeBack();
    if (this.#job) this.#job.canBundle = false;
    return null;
  }

  /** Nothing of it is on its way any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#waiting.end();
    await this.#running?.catch(() => undefined);
  }

  #beginIfWorthIt(): void {
    if (this.#running || !this.#job || !this.#place || isSmall(this.#waiting.waiting)) return;
    this.#running = this.#run(this.#job, this.#place);
    // whoever waits for it hears of it
    this.#running.catch(() => undefined);
  }

  async #run(job: Job, place: Place): Promise<ScriptResult | null> {
    const { local, onBegin, signal } = this.#options.request;
    await onBegin(null);
    const owners = job.options.preserve && job.capabilities.uid === 0;
    // a bundle is compared by whoever unpacks it
    const report = new PackReport(job, () => true);
    this.#report = report;
    return await sendBundle({
      job,
      owners,
      before: stageText(place, false),
      chunks: this.#chunks({ job, nameOf, root: trimmed(local), owners }, report),
      after: () => this.#last.promise,
      signal: AbortSignal.any([signal, this.#stop.signal]),
    });
  }

  async *#chunks(
    options: Parameters<typeof packAsTheyCome>[1],
    report: PackReport,
  ): AsyncGenerator<Uint8Array> {
    for await (const chunk of packAsTheyCome(this.#waiting, options, report)) {
      if (this.#isInVain || this.#stop.signal.aborted) return;
      yield chunk;
    }
  }

  /** A file that travels by itself waits for the rest; of several names of a file the first one does not. */
  #goesAhead({ type, size, inode }: Entry): boolean {
    const { links, preserve } = this.#options.request;
    if (type === 'directory') return true;
    if (type !== 'file') return type === 'symlink' && links === 'keep';
    if (inode === null || !preserve) return size < BIG;
    const isFirst = !this.#inodes.has(inode);
    this.#inodes.add(inode);
    return isFirst && size < BIG;
  }
}

/** In the staging folder. */
const nameOf = ({ path }: Entry): RawPath => join('tree', path);
