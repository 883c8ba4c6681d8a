import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RawPath } from '../../core/raw-path.ts';
import { bundleEnd, bundleStart } from '../bundle/format.ts';
import { RECEIVE_PROGRAM, RECEIVED, receiveWords } from '../bundle/programs.ts';
import { pythonText } from '../host/python-program.ts';
import { runScript, type ScriptResult } from '../host/run-script.ts';
import { isCheckable } from '../thread/pack-files.ts';
import type { Job } from './job.ts';
import type { Entry } from '../tree/entry.ts';
import { isSmall, pack } from './pack.ts';
import { PackReport } from './pack-report.ts';
import { FUNCTIONS } from './remote-commands.ts';
import { unpackText } from './upload-finish.ts';

const MANIFEST = '.manifest';
/** Bytes of a chunk at most: a file that grew beyond this while it was read is not sent. */
const LARGEST = 64 * 1024 * 1024;
/** Characters of a last script that go in one word of a command line. */
const LONGEST_WORD = 100_000;
/** Exit codes of the script; of others its errors say why. */
const DIFFERS = 91;
const CANNOT = 95;

export interface UploadStream {
  readonly job: Job;
  /** Of the tree on this machine. */
  readonly root: RawPath;
  readonly owners: boolean;
  readonly members: readonly Entry[];
  /** The name that a member gets in the staging folder. */
  readonly nameOf: (entry: Entry) => RawPath;
  /**
   * Shell text that enters the staging folder, and text for when all is unpacked there and compared, with the
   * functions of `remote-commands.ts`, from wherever it stands.
   */
  readonly before: string;
  readonly after: string;
}

export interface UploadedStream {
  readonly result: ScriptResult;
  readonly report: PackReport;
}

/** Small files in one stream and one script: a bundle where the host can, else a tar. Throws `transfer.checksum`. */
export async function streamUp(one: UploadStream): Promise<UploadedStream> {
  const { job, members, nameOf, root, owners, before } = one;
  if (job.canBundle && !isSmall(members)) {
    const report = new PackReport(job, () => true);
    const chunks = pack(members, { job, nameOf, root, owners, manifest: undefined, as: 'bundle' }, report);
    const bundled = await sendBundle({ job, owners, before, chunks, after: () => one.after });
    if (bundled !== null) return { result: bundled, report };
    job.canBundle = false;
    report.takeBack();
  }
  return await sendTar(one);
}

export interface BundleStream extends Pick<UploadStream, 'job' | 'owners' | 'before'> {
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Asked when the last chunk was sent. */
  readonly after: () => string | Promise<string>;
  readonly signal?: AbortSignal;
}

/** Named chunks, unpacked where `before` leads, and what is then to be done. Null: the host cannot. */
export async function sendBundle(one: BundleStream): Promise<ScriptResult | null> {
  const { job, chunks, before, after } = one;
  const { signal = job.signal } = one;
  let rest: string | undefined;
  async function* bundle(): AsyncGenerator<Uint8Array> {
    yield bundleStart('', []);
    yield* chunks;
    const text = `${FUNCTIONS} ${await after()}`;
    if (text.length > LONGEST_WORD) rest = text;
    yield bundleEnd(rest === undefined ? text : '');
  }
  const script = `${before}\n${bundleText(one)}`;
  const result = await runScript(job.connection, script, { signal, stdin: bundle() });
  if (result.exitCode === CANNOT) return null;
  failIfDiffers(job, result);
  if (rest === undefined || result.exitCode !== 0) return result;
  return await runScript(job.connection, rest, { signal });
}

async function sendTar(one: UploadStream): Promise<UploadedStream> {
  const { job, members, nameOf, root, owners, before, after } = one;
  const { capabilities, hostName } = job;
  if (capabilities.tar === 'none') throw new DeckhandError('host.unsupported', `${hostName} has no tar.`);
  const checks = capabilities.hash === 'sha256sum' || capabilities.hash === 'shasum -a 256';
  const report = new PackReport(job, entry => checks && isCheckable(nameOf(entry)));
  const packing = { job, nameOf, root, owners, manifest: checks ? MANIFEST : undefined, as: 'pack' } as const;
  const result = await runScript(job.connection, [before, tarText(one, checks), after].join('\n'), {
    signal: job.signal,
    stdin: pack(members, packing, report),
  });
  failIfDiffers(job, result);
  return { result, report };
}

function failIfDiffers({ hostName }: Job, { exitCode, errors }: ScriptResult): void {
  if (exitCode === DIFFERS)
    throw new DeckhandError('transfer.checksum', `${hostName}: what arrived differs: ${errors.trim()}.`);
}

function bundleText({ job, owners }: Pick<UploadStream, 'job' | 'owners'>): string {
  const { preserve } = job.options;
  const how = { preserve, owners, isTrusted: true, mask: 0o7777, largest: LARGEST };
  const { failed, differs } = RECEIVED;
  return [
    `${pythonText(RECEIVE_PROGRAM, receiveWords(how))}; e=$?`,
    // the program has become the last script, whose codes are 9 and another digit
    `case $e in 0|9?) exit $e;; ${failed}) exit 92;; ${differs}) exit ${DIFFERS};; *) exit ${CANNOT};; esac;`,
  ].join('\n');
}

function tarText(one: UploadStream, checks: boolean): string {
  const { hash } = one.job.capabilities;
  const check = `if [ -s ${MANIFEST} ] && ! ${hash} -c ${MANIFEST} >.checked 2>&1; then grep -v ': OK$' .checked | head -n 5 >&2; exit ${DIFFERS}; fi;`;
  return [`${unpackText(one)} || exit 92;`, checks ? check : '', `rm -f ${MANIFEST} .checked;`].join('\n');
}
