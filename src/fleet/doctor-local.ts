import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { sanitiseText } from '../core/untrusted.ts';
import { type DoctorFinding, fail, ok, warn } from './doctor.ts';

/** Oldest Node that runs Deckhand. */
const NODE_MAJOR = 24;

export interface LocalPlaces {
  readonly home: string;
  /** Deckhand's own state folder. */
  readonly state: string;
  /** `process.versions.node`. */
  readonly nodeVersion: string;
}

/** Looks at this machine; only the state folder is made where it is missing. Never throws. */
export async function examineLocal(
  places: LocalPlaces,
  signal: AbortSignal,
): Promise<readonly DoctorFinding[]> {
  const looked = await Promise.all([
    sshClientFinding(signal),
    sshConfigFinding(join(places.home, '.ssh', 'config')),
    knownHostsFinding(join(places.home, '.ssh', 'known_hosts')),
    stateFinding(places.state),
  ]);
  return [nodeFinding(places.nodeVersion), ...looked];
}

export function nodeFinding(version: string): DoctorFinding {
  const major = Number.parseInt(version, 10);
  if (major >= NODE_MAJOR) return ok('local.node', `Node ${version}.`);
  return fail('local.node', `Node ${version} is too old.`, `Install Node ${NODE_MAJOR} or newer.`);
}

function sshClientFinding(signal: AbortSignal): Promise<DoctorFinding> {
  const id = 'local.ssh-client';
  return new Promise(resolve => {
    const child = execFile('ssh', ['-V'], { signal, timeout: 10_000 }, (error, _stdout, stderr) => {
      const version = sanitiseText(stderr.split('\n')[0] ?? '').trim();
      if (!error) resolve(ok(id, `${version}.`));
      else {
        const fix = 'Install openssh-client; without it ~/.ssh/config is read less exactly.';
        resolve(warn(id, 'The ssh client does not run.', fix));
      }
    });
    child.stdin?.end();
  });
}

async function sshConfigFinding(file: string): Promise<DoctorFinding> {
  const id = 'local.ssh-config';
  const status = await stat(file).catch((error: NodeJS.ErrnoException) => error);
  if (status instanceof Error) {
    if (status.code === 'ENOENT') return ok(id, `${file} does not exist; hosts come from deckhand.yaml.`);
    return fail(id, `${file} cannot be read (${status.code}).`, `chmod 600 ${file}`);
  }
  const readable = await access(file, constants.R_OK).then(
    () => true,
    () => false,
  );
  if (!readable) return fail(id, `${file} cannot be read.`, `chmod 600 ${file}`);
  // OpenSSH refuses a configuration that others can write.
  if ((status.mode & 0o022) !== 0) {
    return fail(id, `${file} can be written by others, so ssh refuses it.`, `chmod go-w ${file}`);
  }
  return ok(id, `${file} is readable.`);
}

async function knownHostsFinding(file: string): Promise<DoctorFinding> {
  const id = 'local.known-hosts';
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text === 'string') {
    const keys = text.split('\n').filter(line => /^[^#\s]/.test(line)).length;
    return ok(id, `${file} has ${keys} host key${keys === 1 ? '' : 's'}.`);
  }
  if (text.code === 'ENOENT') {
    const fix = 'Compare fingerprints on the first connection, then accept them with --accept-host-key.';
    return warn(id, `${file} does not exist: every host key will be unknown.`, fix);
  }
  return fail(id, `${file} cannot be read (${text.code}).`, `chmod 600 ${file}`);
}

async function stateFinding(folder: string): Promise<DoctorFinding> {
  const id = 'local.state';
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
    const { mode, uid } = await stat(folder);
    const self = process.getuid?.() ?? uid;
    if (uid !== self) return fail(id, `${folder} belongs to another account.`, `chown ${self} ${folder}`);
    if ((mode & 0o077) !== 0) {
      return fail(id, `${folder} is open to other accounts.`, `chmod 700 ${folder}`);
    }
    return ok(id, `${folder} is writable and private.`);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    return fail(id, `${folder} cannot be written (${code}).`, 'Check its owner and free space.');
  }
}
