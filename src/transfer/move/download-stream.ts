import { createHash, type Hash } from 'node:crypto';
import type { RawPath } from '../../core/raw-path.ts';
import type { Action } from '../decide/action.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import { ARCHIVE_END, encodeHeader, type Member, paddingOf } from '../tar/header.ts';
import { TarReader } from '../tar/reader.ts';
import { type Entry, parentOf, type Tree } from '../tree/entry.ts';
import { BIG, type Job } from './job.ts';
import { LocalTar } from './local-place.ts';
import { zeroList } from './remote-commands.ts';

/** A file that is wanted, and the name it got in the staging folder; `` = it has not come. */
export interface Wanted {
  readonly action: Action;
  name: string;
}
export interface Arrived {
  readonly hash: string;
  readonly bytes: number;
}

export interface StreamDown {
  readonly job: Job;
  /** Of the tree on the host; absolute. */
  readonly source: { readonly root: RawPath; readonly tree: Tree };
  /** The staging folder here. */
  readonly stage: RawPath;
  /** By their names from the folder that is read. */
  readonly files: ReadonlyMap<RawPath, Wanted>;
  /** No two files have the same number in the staging folder. */
  readonly nextName: () => string;
  readonly owners: boolean;
  readonly umask: number;
}

/**
 * One stream of small files: the host's tar is read by us and written to a tar here under names of our own.
 * What was not asked for is read over.
 */
export async function streamDown(one: StreamDown): Promise<ReadonlyMap<RawPath, Arrived>> {
  return await new StreamingDown(one).run();
}

class StreamingDown {
  readonly #one: StreamDown;
  readonly #local: LocalTar;
  readonly #done = new Map<RawPath, Arrived>();
  #open: { readonly path: RawPath; readonly hash: Hash; readonly bytes: number } | undefined;

  constructor(one: StreamDown) {
    this.#one = one;
    this.#local = new LocalTar(one.stage, { owners: one.owners, preserve: one.job.options.preserve });
  }

  async run(): Promise<ReadonlyMap<RawPath, Arrived>> {
    const { job, files } = this.#one;
    const reader = new TarReader({
      onMember: async member => await this.#begin(member),
      onContents: async bytes => await this.#contents(bytes),
      onEnd: async () => await this.#end(),
    });
    try {
      const { exitCode, errors } = await runScript(job.connection, this.#script(), {
        signal: job.signal,
        stdin: zeroList([...files.keys()].map(name => `./${name}`)),
        onOutput: async bytes => {
          await job.rate.take(bytes.length, job.signal);
          await reader.add(bytes);
        },
      });
      if (!reader.isComplete) throw scriptError(job.hostName, 'reading', errors, exitCode);
      await this.#local.write(ARCHIVE_END);
      await this.#local.end();
    } catch (error) {
      this.#local.kill();
      throw error;
    }
    return this.#done;
  }

  /** Files are named from the root, or from the folder that the one file lies in. */
  #script(): string {
    const { source, job } = this.#one;
    const isFile = source.tree.entries.get('')?.type === 'file';
    const folder = isFile ? parentOf(source.root) || '/' : source.root;
    const follow = job.options.followLinks || isFile ? '-h' : '';
    const command =
      job.capabilities.tar === 'gnu'
        ? `tar -c ${follow} --format=gnu --hard-dereference --no-recursion --null -T - -f -`
        : `xargs -0 tar -c ${follow} -f -`;
    return `cd ${quoteRaw(folder)} && ${command}`;
  }

  async #begin(member: Member): Promise<void> {
    const { files, nextName } = this.#one;
    const wanted = files.get(member.path.replace(/^\.\//, ''));
    const isKnown = wanted?.name === '' && member.type === 'file';
    // what grew far beyond what was listed is left for another look
    if (!isKnown || member.size > 4 * BIG) {
      this.#open = undefined;
      return;
    }
    wanted.name = nextName();
    const { path, entry } = wanted.action;
    this.#open = { path, hash: createHash('sha256'), bytes: member.size };
    await this.#local.write(this.#header(entry, wanted.name, member.size));
  }

  #header({ mode, mtime, uid, gid }: Entry, path: string, size: number): Buffer {
    const { job, umask } = this.#one;
    const kept = job.options.preserve ? mode : mode & 0o777 & ~umask;
    return encodeHeader({ path, type: 'file', size, mode: kept, mtime, uid, gid, link: null });
  }

  async #contents(bytes: Buffer): Promise<void> {
    if (this.#open === undefined) return;
    this.#open.hash.update(bytes);
    this.#one.job.arrived(bytes.length, this.#open.path);
    await this.#local.write(bytes);
  }

  async #end(): Promise<void> {
    if (this.#open === undefined) return;
    const { path, hash, bytes } = this.#open;
    this.#open = undefined;
    this.#done.set(path, { hash: hash.digest('hex'), bytes });
    await this.#local.write(Buffer.alloc(paddingOf(bytes)));
  }
}
