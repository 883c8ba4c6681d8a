/** A plain OpenSSH server of the calling user for one test: own directory, own host keys, own configuration lines. */
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

export interface PlainSshdOptions {
  /** An address of 127.77.0.0/16; each server of a test its own. */
  readonly address: string;
  /** Default: ed25519 only. */
  readonly hostKeyTypes?: readonly KeyType[];
  /** Lines of sshd_config; they win over the fixture's own. */
  readonly lines?: readonly string[];
}

export interface PlainSshd {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly directory: string;
  /** An ed25519 key the server accepts. */
  readonly keyFile: string;
  /** Knows the server's keys. */
  readonly knownHostsFile: string;
  /** The lines of known_hosts, without the host: `ssh-ed25519 AAAA…`. */
  readonly hostKeys: readonly string[];
  /** Everything the server logged so far. */
  log(): string;
  /** SIGSTOP to the server and what serves its connections. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** SIGKILL to the server and what serves its connections. */
  kill(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function startPlainSshd(options: PlainSshdOptions): Promise<PlainSshd> {
  const directory = await mkdtemp(join(tmpdir(), 'deckhand-sshd-'));
  const { address } = options;
  const port = await freePort(address);
  const types = options.hostKeyTypes ?? ['ed25519'];
  for (const type of types) await makeKey(join(directory, `host_${type}`), type);
  const keyFile = join(directory, 'id');
  await makeKey(keyFile, 'ed25519');
  const hostKeys = await Promise.all(types.map(type => publicKey(join(directory, `host_${type}`))));
  const knownHostsFile = join(directory, 'known_hosts');
  await writeFile(knownHostsFile, hostKeys.map(key => `[${address}]:${port} ${key}\n`).join(''));
  const configFile = join(directory, 'sshd_config');
  await writeFile(configFile, configuration(directory, address, port, types, options.lines ?? []));
  if (process.getuid?.() === 0) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', configFile], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const pid = server.pid ?? 0;
  let log = '';
  const exited = new Promise<void>(resolve => {
    server.once('exit', () => resolve());
  });
  const listening = new Promise<void>(resolve => {
    server.stderr.on('data', (bytes: Buffer) => {
      log += bytes.toString();
      if (log.includes('Server listening')) resolve();
    });
  });
  await Promise.race([
    listening,
    exited.then(() => {
      throw new Error(`sshd did not start: ${log}`);
    }),
  ]);
  const signalAll = async (name: NodeJS.Signals): Promise<void> => {
    // Only sshd's own processes: a stopped command would prove nothing about the connection.
    for (const one of [pid, ...(await descendants(pid))]) sendSignal(one, name);
  };
  return {
    address,
    port,
    user: userInfo().username,
    directory,
    keyFile,
    knownHostsFile,
    hostKeys,
    log: () => log,
    freeze: () => signalAll('SIGSTOP'),
    thaw: () => signalAll('SIGCONT'),
    kill: async () => {
      await signalAll('SIGKILL');
      await exited;
    },
    [Symbol.asyncDispose]: async () => {
      await signalAll('SIGKILL');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export async function makeKey(file: string, type: KeyType, passphrase = ''): Promise<void> {
  await execute('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', 'test', '-f', file]);
}

/** `ssh-ed25519 AAAA…` of `FILE.pub`. */
export async function publicKey(file: string): Promise<string> {
  const [type, key] = (await readFile(`${file}.pub`, 'utf8')).split(' ');
  return `${type} ${key}`;
}

/** `SHA256:…` as ssh-keygen prints it. */
export async function fingerprintOf(file: string): Promise<string> {
  const { stdout } = await execute('ssh-keygen', ['-lf', file]);
  return stdout.split(' ')[1] ?? '';
}

export async function freePort(address: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, address, resolve);
  });
  const bound = server.address();
  await new Promise(resolve => server.close(resolve));
  if (bound === null || typeof bound === 'string') throw new Error('no port');
  return bound.port;
}

function configuration(
  directory: string,
  address: string,
  port: number,
  types: readonly KeyType[],
  lines: readonly string[],
): string {
  // sshd takes the first value of an option, so the test's own lines come first.
  return [
    ...lines,
    `ListenAddress ${address}:${port}`,
    ...types.map(type => `HostKey ${directory}/host_${type}`),
    `AuthorizedKeysFile ${directory}/id.pub`,
    'PidFile none',
    'StrictModes no',
    'UsePAM no',
    'UseDNS no',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    // Debian's bash would else read the caller's own .bashrc for each command.
    'SetEnv SHLVL=1',
    'Subsystem sftp /usr/lib/openssh/sftp-server',
    '',
  ].join('\n');
}

async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await execute('ps', ['-eo', 'pid=,ppid=,comm=']);
  const rows = stdout
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/));
  const childrenOf = (parent: number): number[] =>
    rows
      .filter(([, ppid, name]) => Number(ppid) === parent && (name ?? '').startsWith('sshd'))
      .flatMap(([child]) => [Number(child), ...childrenOf(Number(child))]);
  return childrenOf(pid);
}

function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended by itself meanwhile.
  }
}
