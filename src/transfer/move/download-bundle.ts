import type { RawPath } from '../../core/raw-path.ts';
import { bundleStart } from '../bundle/format.ts';
import { SEND_PROGRAM, sendWords } from '../bundle/programs.ts';
import { BundleHere } from '../bundle/unpack-here.ts';
import { PYTHON_HERE, pythonText } from '../host/python-program.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';
import { existsSync } from 'node:fs';
import { parentOf } from '../tree/entry.ts';
import type { StreamDown } from './download-stream.ts';
import { BIG } from './job.ts';
import { isSmall } from './pack.ts';

/** Bytes of a file that grew since it was listed; what is larger is left for another look. */
const LARGEST = 4 * BIG;

/**
 * Many small files in one bundle, written by a program here, read back, and brought to the disk: the bytes of those that
 * are what the host read, by path. Null: one of both sides cannot, or there are too few for that; nothing counts as arrived.
 */
export async function bundleDown(one: StreamDown): Promise<ReadonlyMap<RawPath, number> | null> {
  const { job, files } = one;
  const entries = files.map(({ action }) => action.entry);
  if (!job.canBundle || isSmall(entries) || PYTHON_HERE === undefined || !existsSync(PYTHON_HERE))
    return null;
  const done = new Map<RawPath, number>();
  await using here = receiver(one, done);
  const names = files.map(({ name }) => name).join('\0');
  const owners = one.owners ? files.map(({ action: { entry } }) => [entry.uid, entry.gid] as const) : [];
  await here.write(bundleStart(names, owners));
  const { exitCode } = await runScript(job.connection, script(one), {
    signal: job.signal,
    stdin: bundleStart(files.map(({ member }) => `./${member}`).join('\0'), []),
    onOutput: bytes =>
      job.options.rateLimit > 0
        ? job.rate.take(bytes.length, job.signal).then(() => here.write(bytes))
        : here.write(bytes),
  });
  if ((await here.end()) && exitCode === 0) return done;
  job.canBundle = false;
  for (const [path, bytes] of done) job.arrived(-bytes, path);
  return null;
}

function receiver({ job, files, folder, owners, umask }: StreamDown, done: Map<RawPath, number>): BundleHere {
  const { preserve } = job.options;
  const mask = preserve ? 0o7777 : 0o777 & ~umask;
  return new BundleHere({
    folder,
    preserve,
    owners,
    mask,
    largest: LARGEST,
    onChunk: (arrived, isGood) => {
      let [bytes, last] = [0, ''];
      for (const { index, size } of isGood ? arrived : []) {
        last = files[index]?.action.path ?? '';
        done.set(last, size);
        bytes += size;
      }
      if (bytes > 0) job.arrived(bytes, last);
    },
  });
}

/** Files are named from the root, or from the folder that the one file lies in. */
function script({ source, job }: StreamDown): string {
  const isFile = source.tree.entries.get('')?.type === 'file';
  const folder = isFile ? parentOf(source.root) || '/' : source.root;
  const follow = job.options.followLinks || isFile;
  return `cd ${quoteRaw(folder)} && { ${pythonText(SEND_PROGRAM, sendWords({ follow, largest: LARGEST }))}; }`;
}
