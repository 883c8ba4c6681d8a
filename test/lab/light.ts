/** Hundreds of cheap ssh targets: a plain sshd of the calling user each, with an address, key and home of its own. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PORT = 2222;
const AT_ONCE = 8;
/** Milliseconds until an sshd must show its banner. */
const START_LIMIT = 30_000;
/** Milliseconds of processor time that one tick of /proc/PID/stat stands for. */
const TICK = 10;

export interface LightHost {
  /** `light-1` … */
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export interface LightFleet extends AsyncDisposable {
  readonly hosts: readonly LightHost[];
  /** An OpenSSH client configuration of exactly these hosts. */
  readonly sshConfigFile: string;
  /** Milliseconds of processor time that the hosts took so far, for sessions that have ended. */
  cpuTime(): number;
  /** Connections that are open now. */
  sessions(): number;
}

/**
 * Starts `count` hosts, at most 999, with all they need in `folder`. No root is needed; they share this machine's
 * files, processes and account. They end with this process, whatever becomes of it.
 */
export async function lightFleet(count: number, folder: string): Promise<LightFleet> {
  const keyFile = join(folder, 'id_ed25519');
  const sshConfigFile = join(folder, 'ssh_config');
  const knownHostsFile = join(folder, 'known_hosts');
  await mkdir(folder, { recursive: true });
  // a plain sshd run by root insists on its privilege separation directory
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
  await newKey(keyFile);
  const hosts = Array.from({ length: count }, (_, index) => hostOf(index + 1));
  const children: ChildProcess[] = [];
  const close = async (): Promise<void> => void (await Promise.all(children.map(end)));
  try {
    const known = await inParallel(hosts, async host => {
      const place = join(folder, host.name);
      await mkdir(join(place, 'home'), { recursive: true });
      await newKey(join(place, 'hostkey'));
      await writeFile(join(place, 'sshd_config'), serverConfig(host, place, `${keyFile}.pub`));
      children.push(start(join(place, 'sshd_config')));
      await shown(host);
      const [type, key] = (await readFile(join(place, 'hostkey.pub'), 'utf8')).split(' ');
      return `[${host.address}]:${host.port} ${type} ${key}\n`;
    });
    await writeFile(knownHostsFile, known.join(''));
    await writeFile(sshConfigFile, clientConfig(hosts, keyFile, knownHostsFile), { mode: 0o600 });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    hosts,
    sshConfigFile,
    cpuTime: () => children.reduce((sum, { pid }) => sum + cpuTimeOf(pid), 0),
    sessions: () => children.reduce((sum, { pid }) => sum + childrenOf(pid), 0),
    [Symbol.asyncDispose]: close,
  };
}

function hostOf(number: number): LightHost {
  const address = `127.78.${Math.floor(number / 250)}.${(number % 250) + 1}`;
  return { name: `light-${number}`, address, port: PORT };
}

async function newKey(file: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'light', '-f', file]);
}

/** Limits raised so that the target is never what bounds a fan-out. */
function serverConfig({ address, port }: LightHost, place: string, authorizedKeys: string): string {
  return `HostKey ${join(place, 'hostkey')}
ListenAddress ${address}:${port}
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
AuthorizedKeysFile ${authorizedKeys}
UseDNS no
PrintMotd no
LogLevel ERROR
MaxStartups 500:30:1000
MaxSessions 200
Subsystem sftp internal-sftp
# SHLVL=1: Debian's bash, run by sshd, would else read the caller's own .bashrc for each command
SetEnv HOME=${join(place, 'home')} SHLVL=1
`;
}

function clientConfig(hosts: readonly LightHost[], keyFile: string, knownHostsFile: string): string {
  const blocks = hosts.map(
    ({ name, address, port }) => `Host ${name}\n  HostName ${address}\n  Port ${port}\n`,
  );
  return `${blocks.join('')}Host light-*
  User ${userInfo().username}
  IdentityFile ${keyFile}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHostsFile}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  LogLevel ERROR
  ConnectTimeout 30
`;
}

/** The kernel ends it when we are gone, so that a crashed run leaves nothing behind. */
function start(configFile: string): ChildProcess {
  const words = ['--pdeathsig', 'TERM', '/usr/sbin/sshd', '-D', '-E', `${configFile}.log`, '-f', configFile];
  return spawn('setpriv', words, { stdio: 'ignore' });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

async function shown(host: LightHost): Promise<void> {
  const begun = performance.now();
  while (!(await showsBanner(host))) {
    if (performance.now() - begun > START_LIMIT) throw new Error(`${host.name} showed no ssh banner.`);
    await pause(25);
  }
}

async function showsBanner({ address, port }: LightHost): Promise<boolean> {
  return await new Promise(resolve => {
    const socket = connect(port, address);
    socket.once('data', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function cpuTimeOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  // utime, stime, and those of children that ended
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks) * TICK, 0);
}

function childrenOf(pid: number | undefined): number {
  const found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return found === '' ? 0 : found.split(' ').length;
}

async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      const item = items[at];
      if (item !== undefined) results[at] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}
