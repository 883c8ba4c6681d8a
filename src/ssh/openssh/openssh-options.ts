import type { ResolvedHost } from '../resolved-host.ts';
import { parseTarget } from '../target.ts';

/** Seconds a master lives on without us, should this process be killed. */
const ORPHAN_SECONDS = 15;
/** Intervals without an answer before the server counts as silent. */
const INTERVALS = 3;

export interface OptionTimes {
  /** Milliseconds until the connection is authenticated. */
  readonly connectTimeout: number;
  /** Milliseconds between keep-alives; ssh takes whole seconds, so that there are more of them where it asks for less. */
  readonly keepAliveInterval: number;
}

/** Milliseconds of silence after which `ssh` gives up with these options. */
export function silenceOf(times: OptionTimes): number {
  const { interval, count } = keepAliveOf(times);
  return interval * 1000 * count;
}

/** Seconds between keep-alives, and how many without an answer are enough. */
function keepAliveOf({ keepAliveInterval }: OptionTimes): {
  readonly interval: number;
  readonly count: number;
} {
  const interval = Math.max(1, Math.floor(keepAliveInterval / 1000));
  return {
    interval,
    count: Math.max(INTERVALS, Math.ceil((keepAliveInterval * INTERVALS) / 1000 / interval)),
  };
}

/** Arguments of a master: everything the person configured stays, what would disturb us is off. */
export function masterArguments(
  host: ResolvedHost,
  times: OptionTimes,
  files: { readonly socket: string; readonly log: string; readonly hopCommand: string | null },
  asked: { readonly password: boolean; readonly ciphers?: readonly string[] | undefined },
): string[] {
  const off = ['ClearAllForwardings=yes', 'PermitLocalCommand=no', 'RemoteCommand=none', 'Tunnel=no'];
  return [
    ...commonArguments(host, times, files.log),
    '-M',
    '-S',
    escaped(files.socket),
    '-NTx',
    ...options(`ControlPersist=${ORPHAN_SECONDS}`, ...off),
    ...(asked.ciphers === undefined ? [] : options(`Ciphers=${asked.ciphers.join(',')}`)),
    ...(asked.password ? [] : options('PasswordAuthentication=no', 'KbdInteractiveAuthentication=no')),
    ...proxyOptions(host, files.hopCommand),
    '--',
    parseTarget(host.name).name,
  ];
}

/**
 * The ciphers of a configuration, none more and none less, AES-GCM first: a processor with AES moves twice as much with
 * it as with ChaCha20, which `ssh` prefers. Undefined: nothing is to be said. Pure.
 */
export function quickCiphers(
  { ciphers = [] }: Pick<ResolvedHost, 'ciphers'>,
  hasAes: boolean,
): readonly string[] | undefined {
  const quick = ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com'].filter(name => ciphers.includes(name));
  if (!hasAes || quick.length === 0 || !ciphers.every(name => /^[\w@.-]+$/.test(name))) return undefined;
  return [...quick, ...ciphers.filter(name => !quick.includes(name))];
}

/** Arguments of the `ssh -W` that carries the connection past one hop; the destination follows as one more word. */
export function hopArguments(
  host: ResolvedHost,
  times: OptionTimes,
  files: { readonly log: string; readonly hopCommand: string | null },
  destination: string,
): string[] {
  return [
    ...commonArguments(host, times, files.log),
    ...options('ControlMaster=no', 'ControlPath=none', 'ControlPersist=no'),
    ...proxyOptions(host, files.hopCommand),
    '-W',
    destination,
    '--',
    parseTarget(host.name).name,
  ];
}

function commonArguments(host: ResolvedHost, times: OptionTimes, log: string): string[] {
  const words: string[] = host.configFile === undefined ? [] : ['-F', host.configFile];
  const keepAlive = keepAliveOf(times);
  words.push('-v', '-E', log, '-p', String(host.port), '-l', host.user);
  words.push(
    ...options(
      `HostName=${escaped(host.address)}`,
      `StrictHostKeyChecking=${strictness(host)}`,
      `UserKnownHostsFile=${fileList(host.userKnownHostsFiles)}`,
      `GlobalKnownHostsFile=${fileList(host.globalKnownHostsFiles)}`,
      // Nothing is written to known_hosts that nobody was asked about.
      'UpdateHostKeys=no',
      'FingerprintHash=sha256',
      'VisualHostKey=no',
      `IdentitiesOnly=${host.identitiesOnly ? 'yes' : 'no'}`,
      `IdentityAgent=${host.agent === null ? 'none' : quoted(escaped(host.agent))}`,
      // With none named, ssh would try its own standard files.
      ...(host.identityFiles.length === 0
        ? ['none']
        : host.identityFiles.map(file => quoted(escaped(file)))
      ).map(file => `IdentityFile=${file}`),
      ...(host.hostKeyAlias === null ? [] : [`HostKeyAlias=${host.hostKeyAlias}`]),
      `ConnectTimeout=${seconds(times.connectTimeout) + 1}`,
      'ConnectionAttempts=1',
      `ServerAliveInterval=${keepAlive.interval}`,
      // it counts those after the first
      `ServerAliveCountMax=${keepAlive.count - 1}`,
    ),
  );
  return words;
}

/** A changed key is refused whatever the configuration says; `no` would let it pass. */
function strictness(host: ResolvedHost): string {
  return host.strictHostKeyChecking === 'no' ? 'accept-new' : host.strictHostKeyChecking;
}

function proxyOptions(host: ResolvedHost, hopCommand: string | null): string[] {
  if (hopCommand !== null) return options(`ProxyCommand=${hopCommand}`);
  // `ProxyJump=none` would switch off the person's own ProxyCommand as well.
  return host.unsupported === 'ProxyCommand' ? [] : options('ProxyJump=none');
}

function options(...settings: readonly string[]): string[] {
  return settings.flatMap(setting => ['-o', setting]);
}
function seconds(milliseconds: number): number {
  return Math.max(1, Math.ceil(milliseconds / 1000));
}
/** `%` begins a token in paths and names of the configuration. */
function escaped(value: string): string {
  return value.replaceAll('%', '%%');
}
function quoted(path: string): string {
  return /[\s#]/.test(path) ? `"${path}"` : path;
}
function fileList(files: readonly string[]): string {
  return files.length === 0 ? '/dev/null' : files.map(file => quoted(escaped(file))).join(' ');
}
