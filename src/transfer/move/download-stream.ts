import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import { toColumns } from '../thread/columns.ts';
import { startHere, startThreaded, type Threaded } from '../thread/file-threads.ts';
import { type Unpacked, unpackFiles, type UnpackInput } from '../thread/unpack-files.ts';
import { parentOf, type Tree } from '../tree/entry.ts';
import { BIG, type Job } from './job.ts';
import { isSmall } from './pack.ts';
import { zeroList } from './remote-commands.ts';

/** Bytes that go to the thread at once. */
const PIECE = 256 * 1024;

/** A file that is wanted, its name in the stream, and the one it gets below the folder. */
export interface Wanted {
  readonly action: Action;
  readonly member: RawPath;
  readonly name: RawPath;
}
export interface Arrived {
  readonly hash: string;
  readonly bytes: number;
}

export interface StreamDown {
  readonly job: Job;
  /** Of the tree on the host; absolute. */
  readonly source: { readonly root: RawPath; readonly tree: Tree };
  /** Where it is unpacked here: nobody else writes there. */
  readonly folder: RawPath;
  readonly files: readonly Wanted[];
  readonly owners: boolean;
  readonly umask: number;
}

/** One stream of small files, unpacked by a thread under names of our own; what has come, by path. */
export async function streamDown(one: StreamDown): Promise<ReadonlyMap<RawPath, Arrived>> {
  const { job, files } = one;
  const unpacking = startUnpacking(one);
  const gathered = new Gathering(unpacking);
  const words = listen(one, unpacking);
  words.catch(() => undefined);
  try {
    const { exitCode, errors } = await runScript(job.connection, script(one), {
      signal: job.signal,
      stdin: zeroList(files.map(({ member }) => `./${member}`)),
      onOutput: async bytes => {
        await job.rate.take(bytes.length, job.signal);
        await gathered.add(bytes);
      },
    });
    await gathered.end();
    const { done, isComplete } = await words;
    if (!isComplete) throw scriptError(job.hostName, 'reading', errors, exitCode);
    return done;
  } catch (error) {
    unpacking.stop();
    throw error;
  }
}

function startUnpacking({ job, folder, files, owners, umask }: StreamDown): Threaded<Unpacked> {
  const entries = files.map(({ action }) => action.entry);
  const input: UnpackInput = {
    folder,
    entries: toColumns(entries),
    members: files.map(({ member }) => member).join('\0'),
    names: files.map(({ name }) => name).join('\0'),
    owners,
    preserve: job.options.preserve,
    umask,
    largest: 4 * BIG,
  };
  return isSmall(entries) ? startHere(unpackFiles, input) : startThreaded<Unpacked>('unpack', input);
}

async function listen(
  { job, files }: StreamDown,
  unpacking: Threaded<Unpacked>,
): Promise<{ readonly done: ReadonlyMap<RawPath, Arrived>; readonly isComplete: boolean }> {
  const done = new Map<RawPath, Arrived>();
  let isComplete = false;
  for await (const word of unpacking) {
    for (const { index, hash, size } of word.done)
      done.set(files[index]?.action.path ?? '', { hash, bytes: size });
    if (word.arrived > 0) job.arrived(word.arrived, files[word.index]?.action.path ?? '');
    isComplete = word.isComplete === true;
  }
  return { done, isComplete };
}

/** Files are named from the root, or from the folder that the one file lies in. */
function script({ source, job }: StreamDown): string {
  const isFile = source.tree.entries.get('')?.type === 'file';
  const folder = isFile ? parentOf(source.root) || '/' : source.root;
  const follow = job.options.followLinks || isFile ? '-h' : '';
  const command =
    job.capabilities.tar === 'gnu'
      ? `tar -c ${follow} --format=gnu --hard-dereference --no-recursion --null -T - -f -`
      : `xargs -0 tar -c ${follow} -f -`;
  return `cd ${quoteRaw(folder)} && ${command}`;
}

/** What arrives comes in small pieces of memory that others share: it goes on in large ones of its own. */
class Gathering {
  readonly #to: Threaded<unknown>;
  #piece = Buffer.allocUnsafeSlow(PIECE);
  #length = 0;

  constructor(to: Threaded<unknown>) {
    this.#to = to;
  }

  async add(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const taken = Math.min(bytes.length - at, PIECE - this.#length);
      this.#piece.set(bytes.subarray(at, at + taken), this.#length);
      at += taken;
      this.#length += taken;
      if (this.#length === PIECE) await this.#send();
    }
  }

  async end(): Promise<void> {
    if (this.#length > 0) await this.#send();
    this.#to.end();
  }

  async #send(): Promise<void> {
    const piece = this.#piece.subarray(0, this.#length);
    this.#piece = Buffer.allocUnsafeSlow(PIECE);
    this.#length = 0;
    await this.#to.write(piece);
  }
}
