import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RawPath } from '../../core/raw-path.ts';
import type { Action, Side } from '../decide/action.ts';
import { runAt, type RanAt } from '../host/run-at.ts';
import { quoteRaw } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import type { Job } from '../move/job.ts';
import { nameOf, parentOf } from '../tree/entry.ts';
import { differenceOf, type Dump, type Extended, parseDump } from './dump.ts';

const PROGRAMS: Readonly<Record<Extended, readonly [string, string, string]>> = {
  xattrs: ['getfattr', 'setfattr', 'attr'],
  acls: ['getfacl', 'setfacl', 'acl'],
};
const READ: Readonly<Record<Extended, string>> = {
  xattrs: "getfattr -R -P -h -d -m '^user[.]' -e hex --",
  acls: 'getfacl -R -P -p -s -n --',
};
const RESTORE: Readonly<Record<Extended, string>> = {
  xattrs: 'setfattr -h --restore=-',
  acls: 'setfacl --restore=-',
};

/** Throws `host.unsupported` or `transfer.unsupported` before anything is moved, where a program is missing. */
export async function checkExtended(job: Job, kinds: readonly Extended[]): Promise<void> {
  for (const kind of kinds) {
    const [read, write, archive] = PROGRAMS[kind];
    const script = `command -v ${read} >/dev/null && command -v ${write} >/dev/null`;
    if ((await runAt('remote', job, script)).code !== 0)
      throw new DeckhandError(
        'host.unsupported',
        `${job.hostName} has no ${read} and ${write} (package ${archive}).`,
      );
    if ((await runAt('local', job, script)).code !== 0)
      throw new DeckhandError(
        'transfer.unsupported',
        `This machine has no ${read} and ${write} (package ${archive}).`,
      );
  }
}

/** What one transfer has to do beyond modes and owners. */
export interface ExtendedWork {
  /** Of contents and modes: what is left of them to do. */
  readonly actions: readonly Action[];
  /** For the result only: nothing is done for them. */
  readonly conflicts: readonly Action[];
  /** Paths that would change. Changes nothing. */
  count(job: Job): Promise<number>;
  /** When everything else has moved. Returns how many paths changed. */
  carryOut(job: Job): Promise<number>;
}

/** One side of a transfer. */
export interface ExtendedEnd {
  readonly side: Side;
  readonly root: RawPath;
  /** The root is a file. */
  readonly isFile: boolean;
}

/** What a side has, of the paths that are wanted. */
export async function readDump(
  job: Job,
  kind: Extended,
  { side, root, isFile }: ExtendedEnd,
  wanted: (path: RawPath) => boolean,
): Promise<Dump> {
  const name = isFile ? nameOf(root) : undefined;
  const script = `${into(root, isFile)} && ${READ[kind]} ${quoteRaw(name === undefined ? '.' : `./${name}`)}`;
  const { text } = await checked(job, side, kind, script);
  return parseDump(text, kind, wanted, name);
}

/** Gives a side what is wanted in the place of what it has. Returns how many paths changed. */
export async function applyDump(
  job: Job,
  kind: Extended,
  { side, root, isFile }: ExtendedEnd,
  { wanted, now }: { readonly wanted: Dump; readonly now: Dump },
): Promise<number> {
  const name = isFile ? nameOf(root) : undefined;
  const { restore, remove, count } = differenceOf(kind, wanted, now, name);
  const place = into(root, isFile);
  if (remove.length > 0) {
    const lines = remove.map(each => {
      const full = quoteRaw(`./${each.path === '' && name !== undefined ? name : each.path}`);
      return kind === 'acls' ? `setfacl -b -- ${full}` : `setfattr -h -x ${quoteRaw(each.name)} -- ${full}`;
    });
    await checked(job, side, kind, 'sh', [`${place} || exit 1`, 'set -e', ...lines, ''].join('\n'));
  }
  if (restore !== '') await checked(job, side, kind, `${place} && ${RESTORE[kind]}`, restore);
  return count;
}

function into(root: RawPath, isFile: boolean): string {
  return `cd ${quoteRaw(isFile ? parentOf(root) || '/' : root)}`;
}

async function checked(job: Job, side: Side, kind: Extended, script: string, stdin = ''): Promise<RanAt> {
  const ran = await runAt(side, job, script, stdin);
  if (ran.code === 0) return ran;
  const where = side === 'local' ? 'this machine' : job.hostName;
  if (/not supported/i.test(ran.errors))
    throw new DeckhandError(
      'transfer.unsupported',
      `The file system on ${where} keeps no ${kind === 'acls' ? 'access control lists' : 'extended attributes'}.`,
    );
  throw scriptError(where, kind, ran.errors, ran.code ?? -1);
}
