/** The lab for tests: real hosts that a test boots, breaks and removes. lab.sh does the work; this gives it types. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { claim, letGo } from './claim.ts';

export type LabKind = 'booted' | 'busybox' | 'plain';

export interface LabOptions {
  /** Default: booted. */
  kind?: LabKind;
  /** Makes the host an inner one, reachable only from the booted host with this number. */
  behind?: number;
  /** What `lab.sh layer` added to the template, by name; of a booted host. */
  layer?: string;
  /** Its disk is a sparse file of this size (`16g`) instead of 2 GB of memory; not of a plain host. */
  disk?: string;
  /** Attach to the host if it is up already, as it is. Otherwise every bootHost starts from a pristine host. */
  keep?: boolean;
}

export interface LabResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface LabHost {
  /** The alias in every ssh config of the lab: lab-1, lab-p1. */
  readonly name: string;
  readonly kind: LabKind;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  /** What a client has seen so far: rekey leaves it as it is, reset brings it up to date. */
  readonly knownHostsFile: string;
  /** Of the present key, as ssh-keygen prints it: SHA256:... */
  readonly hostKeyFingerprint: string;
  /** Pristine disk, network ok, fresh boot. */
  reset(): Promise<void>;
  /** Power off, hard. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** net('ok' | 'blackhole' | 'reject'), net('loss', '20'), net('rate', '10mbit') */
  net(...args: string[]): Promise<void>;
  /** mod('nopython' | 'nosftp' | 'norsync' | 'noaptlists'), mod('fulldisk', '4m'), mod('sshd', 'MaxSessions 1', ...) */
  mod(...args: string[]): Promise<void>;
  /** Another host key, as after a reinstallation. */
  rekey(): Promise<void>;
  /** Through the system's own ssh, to look at the host from outside; a remote failure is a code, not an exception. */
  run(command: string, options?: { user?: string; timeoutMs?: number; input?: string }): Promise<LabResult>;
  down(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const isRoot = process.getuid?.() === 0;

/** Where the lab keeps its templates, hosts, key and ssh_config. */
export const labDirectory =
  process.env['LAB_DIR'] ??
  (isRoot ? '/var/tmp/deckhand-lab' : `/var/tmp/deckhand-lab-${process.getuid?.() ?? ''}`);

const script = join(import.meta.dirname, 'lab.sh');
const minute = 60_000;
/** Long enough for the first call of all, which builds the templates. */
const bootLimit = 20 * minute;

function execute(
  file: string,
  args: string[],
  options: { timeoutMs: number; env?: Record<string, string>; input?: string },
): Promise<LabResult> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      file,
      args,
      {
        timeout: options.timeoutMs,
        maxBuffer: 64 * 1024 * 1024,
        env: { ...process.env, LC_ALL: 'C.UTF-8', LAB_DIR: labDirectory, ...options.env },
      },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr, code: 0 });
        else if (typeof error.code === 'number') resolve({ stdout, stderr, code: error.code });
        else
          reject(
            new Error(
              `${file} ${args.join(' ')}: ${error.killed === true ? 'timed out' : error.message}\n${stderr}`,
            ),
          );
      },
    );
    // a command that ends without reading its input is no failure of the lab
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}

/** Runs one lab.sh command; throws with its message when it fails. */
export async function lab(
  args: string[],
  timeoutMs = 2 * minute,
  more: { env?: Record<string, string>; input?: string } = {},
): Promise<string> {
  const result = await execute(script, args, { timeoutMs, ...more });
  if (result.code !== 0)
    throw new Error(`lab.sh ${args.join(' ')} ended with ${result.code}: ${result.stderr.trim()}`);
  return result.stdout;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What this machine can do. When something is missing, `why` says what, for the message of a skipped test. */
export function labAvailable(): { booted: boolean; plain: boolean; why: string } {
  if (process.platform !== 'linux') return { booted: false, plain: false, why: 'the lab needs Linux' };
  if (!executable('/usr/sbin/sshd'))
    return { booted: false, plain: false, why: 'no /usr/sbin/sshd: run test/lab/install.sh' };
  if (!isRoot) return { booted: false, plain: true, why: 'booted hosts need root' };
  const needed = ['/usr/bin/systemd-nspawn', '/usr/sbin/nft', '/usr/sbin/debootstrap'];
  const missing = needed.filter(path => !executable(path));
  if (missing.length > 0)
    return { booted: false, plain: true, why: `no ${missing.join(', ')}: run test/lab/install.sh` };
  return { booted: true, plain: true, why: '' };
}

function hostDirectory(id: string): string {
  return join(labDirectory, 'hosts', id);
}

function fact(id: string, name: string): string {
  return readFileSync(join(hostDirectory(id), name), 'utf8').trim();
}

/** Boots a host and waits until its ssh answers. Numbers go from 1 to 250; plain hosts have numbers of their own. */
export async function bootHost(n: number, options: LabOptions = {}): Promise<LabHost> {
  const kind = options.kind ?? 'booted';
  const id = kind === 'plain' ? `p${n}` : String(n);
  if (options.behind !== undefined && kind !== 'booted')
    throw new Error('only a booted host can stand behind another');
  const own = `${labDirectory}/${id}`;
  await claim(own);
  if (options.keep !== true && existsSync(hostDirectory(id))) await lab(['down', id]);
  if (options.behind !== undefined) await lab(['inner', String(options.behind), String(n)], bootLimit);
  else
    await lab([{ booted: 'up', busybox: 'up-busybox', plain: 'up-plain' }[kind], String(n)], bootLimit, {
      env: {
        ...(options.layer === undefined ? {} : { LAB_LAYER: options.layer }),
        ...(options.disk === undefined ? {} : { LAB_DISK_FILE: options.disk }),
      },
    });

  const command = async (...args: string[]): Promise<void> => void (await lab(args));
  const down = async (): Promise<void> => {
    await command('down', id);
    letGo(own);
  };
  return {
    name: `lab-${id}`,
    kind,
    address: fact(id, 'address'),
    port: Number(fact(id, 'port')),
    user: fact(id, 'user'),
    keyFile: join(labDirectory, 'id_ed25519'),
    knownHostsFile: join(hostDirectory(id), 'known_hosts'),
    get hostKeyFingerprint(): string {
      const blob = Buffer.from(fact(id, 'hostkey.pub').split(' ')[1] ?? '', 'base64');
      return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
    },
    reset: () => command('reset', id),
    stop: () => command('stop', id),
    start: () => command('start', id),
    net: (...args) => command('net', id, ...args),
    mod: (...args) => command('mod', id, ...args),
    rekey: () => command('rekey', id),
    run: (line, how = {}) =>
      execute(script, ['ssh', id, line], {
        timeoutMs: how.timeoutMs ?? 5 * minute,
        ...(how.user === undefined ? {} : { env: { LAB_USER: how.user } }),
        ...(how.input === undefined ? {} : { input: how.input }),
      }),
    down,
    [Symbol.asyncDispose]: down,
  };
}

/** Writes an ssh config for these hosts (and the hosts they stand behind) into the directory; returns the file's path. */
export async function labSshConfig(hosts: readonly LabHost[], directory: string): Promise<string> {
  const blocks = new Map<string, string>();
  const add = (name: string): void => {
    if (blocks.has(name)) return;
    const block = fact(name.replace(/^lab-/, ''), 'ssh_config');
    blocks.set(name, block);
    const jump = /^\s*ProxyJump (\S+)$/m.exec(block)?.[1];
    if (jump !== undefined) add(jump);
  };
  for (const host of hosts) add(host.name);
  await mkdir(directory, { recursive: true });
  const path = join(directory, 'ssh_config');
  await writeFile(path, `${[...blocks.values()].join('\n')}\n`, { mode: 0o600 });
  return path;
}
