import type { ResolvedHost } from '../resolved-host.ts';
import { parseTarget } from '../target.ts';

/** Seconds a master lives on without us, should this process be killed. */
const ORPHAN_SECONDS = 15;
/** Further intervals without an answer after the first before the server counts as silent. */
const MORE_INTERVALS = 2;

export interface OptionTimes {
  /** Milliseconds until the connection is authenticated. */
  readonly connectTimeout: number;
  /** Milliseconds between keep-alives; ssh takes whole seconds. */
  readonly keepAliveInterval: number;
}

/** Milliseconds of silence after which `ssh` gives up with these options. */
export function silenceOf({ keepAliveInterval }: OptionTimes): number {
  return seconds(keepAliveInterval) * 1000 * (MORE_INTERVALS + 1);
}

/** Arguments of a master: everything the person configured stays, what would disturb us is off. */
export function masterArguments(
  host: ResolvedHost,
  times: OptionTimes,
  files: { readonly socket: string; readonly log: string; readonly hopCommand: string | null },
  asked: { readonly password: boolean },
): string[] {
  const off = ['ClearAllForwardings=yes', 'PermitLocalCommand=no', 'RemoteCommand=none', 'Tunnel=no'];
  return [
    ...commonArguments(host, times, files.log),
    '-M',
    '-S',
    escaped(files.socket),
    '-NTx',
    ...options(`ControlPersist=${ORPHAN_SECONDS}`, ...off),
    ...(asked.password ? [] : options('PasswordAuthentication=no', 'KbdInteractiveAuthentication=no')),
    ...proxyOptions(host, files.hopCommand),
    '--',
    parseTarget(host.name).name,
  ];
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
      `ServerAliveInterval=${seconds(times.keepAliveInterval)}`,
      `ServerAliveCountMax=${MORE_INTERVALS}`,
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
