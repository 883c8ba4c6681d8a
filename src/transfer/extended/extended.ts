import { spawn } from 'node:child_process';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RawPath } from '../../core/raw-path.ts';
import type { Side } from '../decide/action.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { scriptError } from '../host/script-error.ts';
import type { Job } from '../move/job.ts';
import { nameOf, parentOf, type Tree } from '../tree/entry.ts';
import { differenceOf, type Dump, type Extended, parseDump } from './dump.ts';

/** Bytes of a dump of this machine. */
const LARGEST = 64 * 1024 * 1024;
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
    if ((await runAt(job, 'remote', script)).code !== 0)
      throw new DeckhandError(
        'host.unsupported',
        `${job.hostName} has no ${read} and ${write} (package ${archive}).`,
      );
    if ((await runAt(job, 'local', script)).code !== 0)
      throw new DeckhandError(
        'transfer.unsupported',
        `This machine has no ${read} and ${write} (package ${archive}).`,
      );
  }
}

export interface ExtendedPair {
  readonly kind: Extended;
  readonly from: { readonly side: Side; readonly root: RawPath };
  readonly to: { readonly side: Side; readonly root: RawPath };
  /** Of the source. */
  readonly tree: Tree;
  /** What was left out, or failed. */
  readonly isLeft: (path: RawPath) => boolean;
}

/** Makes the target's like the source's, for everything that both have. Returns how many paths changed. */
export async function copyExtended(
  job: Job,
  { kind, from, to, tree, isLeft }: ExtendedPair,
): Promise<number> {
  const isFile = tree.entries.get('')?.type === 'file';
  const wanted = (path: RawPath): boolean => {
    const type = tree.entries.get(path)?.type;
    return (type === 'file' || type === 'directory') && !isLeft(path);
  };
  const dumpOf = async ({ side, root }: ExtendedPair['from']): Promise<Dump> => {
    const name = isFile ? nameOf(root) : undefined;
    const { text } = await checked(
      job,
      side,
      kind,
      `${into(root, isFile)} && ${READ[kind]} ${quoteRaw(name === undefined ? '.' : `./${name}`)}`,
    );
    return parseDump(text, kind, wanted, name);
  };
  const [source, target] = await Promise.all([dumpOf(from), dumpOf(to)]);
  const { restore, remove, count } = differenceOf(kind, source, target, isFile ? nameOf(to.root) : undefined);
  const place = into(to.root, isFile);
  if (remove.length > 0) {
    const lines = remove.map(({ path, name }) => {
      const full = quoteRaw(`./${path === '' && isFile ? nameOf(to.root) : path}`);
      return kind === 'acls' ? `setfacl -b -- ${full}` : `setfattr -h -x ${quoteRaw(name)} -- ${full}`;
    });
    await checked(job, to.side, kind, 'sh', [`${place} || exit 1`, 'set -e', ...lines, ''].join('\n'));
  }
  if (restore !== '') await checked(job, to.side, kind, `${place} && ${RESTORE[kind]}`, restore);
  return count;
}

function into(root: RawPath, isFile: boolean): string {
  return `cd ${quoteRaw(isFile ? parentOf(root) || '/' : root)}`;
}

interface Ran {
  readonly code: number | null;
  readonly text: string;
  readonly errors: string;
}

async function checked(job: Job, side: Side, kind: Extended, script: string, stdin = ''): Promise<Ran> {
  const ran = await runAt(job, side, script, stdin);
  if (ran.code === 0) return ran;
  const where = side === 'local' ? 'this machine' : job.hostName;
  if (/not supported/i.test(ran.errors))
    throw new DeckhandError(
      'transfer.unsupported',
      `The file system on ${where} keeps no ${kind === 'acls' ? 'access control lists' : 'extended attributes'}.`,
    );
  throw scriptError(where, kind, ran.errors, ran.code ?? -1);
}

/** A script of bytes, there or here, in the C locale. */
async function runAt(job: Job, side: Side, script: string, stdin = ''): Promise<Ran> {
  const input = Buffer.from(stdin, 'latin1');
  if (side === 'remote') {
    const { exitCode, stdout, errors } = await runScript(job.connection, script, {
      signal: job.signal,
      stdin: input,
    });
    return { code: exitCode, text: stdout.toString('latin1'), errors };
  }
  // the script comes on another descriptor: arguments of this runtime hold no bytes that are not UTF-8
  const child = spawn('sh', ['-c', 'eval "$(cat <&3)"'], {
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C' },
    signal: job.signal,
  });
  const pieces: Buffer[] = [];
  let [length, errors] = [0, ''];
  child.stdout.on('data', (piece: Buffer) => {
    length += piece.length;
    if (length > LARGEST) child.kill('SIGKILL');
    else pieces.push(piece);
  });
  child.stderr.on('data', (piece: Buffer) => {
    if (errors.length < 65_536) errors += piece.toString('latin1');
  });
  const [, , , scriptPipe] = child.stdio;
  for (const [pipe, bytes] of [
    [child.stdin, input],
    [scriptPipe, Buffer.from(`${script}\n`, 'latin1')],
  ] as const) {
    pipe?.on('error', () => undefined);
    if (pipe && 'end' in pipe) pipe.end(bytes);
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { code, text: Buffer.concat(pieces).toString('latin1'), errors };
}
