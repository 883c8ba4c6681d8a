import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ErrorCode } from '../../core/error-table.ts';
import { tailOf } from '../../core/untrusted.ts';
import type { HandshakeStage } from '../banner-watch.ts';
import type { KnownKey } from '../known-hosts.ts';
import { handshakeError } from '../handshake-error.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import type { LogFacts } from './openssh-log.ts';

/**
 * OpenSSH's fixed messages and what they mean, the first that matches a complaint of the log wins. What
 * comes from the server is never at the beginning of a line.
 */
const MEANING: readonly (readonly [RegExp, ErrorCode])[] = [
  [
    /: Bad configuration option: |: terminating, \d+ bad configuration|^Bad owner or permissions on /,
    'settings.invalid',
  ],
  [/^ssh: Could not resolve hostname /, 'ssh.resolve-failed'],
  [/^ssh: connect to host .*: Connection refused$/, 'ssh.refused'],
  [/^ssh: connect to host .*: (Connection|Operation) timed out$/, 'ssh.connect-timeout'],
  [/^ssh: connect to host /, 'ssh.unreachable'],
  [/^Connection timed out during banner exchange$/, 'ssh.connect-timeout'],
  [/^Unable to negotiate with .*: no matching /, 'ssh.no-common-algorithm'],
  [
    /^@ +WARNING: REVOKED HOST KEY DETECTED! +@$|was revoked and you have requested|revoked by file/,
    'ssh.host-key-revoked',
  ],
  [/^@ +WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! +@$/, 'ssh.host-key-changed'],
  [/^(Host key verification failed\.|No .* host key is known for )/, 'ssh.host-key-unknown'],
  [/: Permission denied \([\w@.,-]*\)\.$/, 'ssh.authentication-failed'],
  [/^Received disconnect from .* port \d+:(2|14): /, 'ssh.authentication-failed'],
  [
    /^(kex_exchange_identification: )?(Bad remote protocol version|banner line (too long|contains invalid)|Invalid SSH identification)/,
    'ssh.not-ssh',
  ],
  [/^(Protocol major versions differ|ssh_exchange_identification: .*protocol)/, 'ssh.not-ssh'],
  [/^(kex_exchange_identification|ssh_exchange_identification|banner exchange): /, 'ssh.handshake-refused'],
  [
    /^(Connection (closed|reset) by |ssh_dispatch_run_fatal: |Received disconnect from |Disconnected from )/,
    'ssh.handshake-refused',
  ],
  [/^(command-line|\S+)(: line| line) \d+: (?!Unsupported|Deprecated)/, 'settings.invalid'],
];

/** What the engine knows beside the log of the `ssh` that failed. */
export interface FailureSurroundings {
  /** Keys of known_hosts that the log points at. */
  readonly known: readonly KnownKey[];
  /** What a person was asked and answered: `password`, `keyboard-interactive`. */
  readonly answered: readonly string[];
  /** Key files whose passphrase nobody gave, or not the right one. */
  readonly locked: ReadonlyMap<string, 'nobody' | 'wrong'>;
  /** The last things ProxyCommand and others wrote. */
  readonly stderr: string;
}

/** Why an `ssh` that did not get through ended. Pure. */
export function connectError(
  host: ResolvedHost,
  log: LogFacts,
  surroundings: FailureSurroundings,
): DeckhandError {
  const code = codeOf(log);
  const where = `${host.address}:${host.port} (${host.name})`;
  const details = { host: host.name, address: host.address, port: host.port };
  const said = log.complaints.findLast(line => MEANING.some(([pattern]) => pattern.test(line))) ?? '';
  if (code === 'ssh.authentication-failed') return loginError(host, log, surroundings);
  if (code.startsWith('ssh.host-key-')) return hostKeyError(host, code, log, surroundings.known);
  if (code === 'ssh.not-ssh' && log.foreignLines.length > 0) {
    return handshakeError(host, { kind: 'foreign', firstLine: (log.foreignLines[0] ?? '').slice(0, 80) });
  }
  const throughCommand = host.unsupported === 'ProxyCommand' && log.serverVersion === null;
  if (throughCommand && code !== 'settings.invalid') return proxyCommandError(host, surroundings.stderr);
  if (code === 'ssh.handshake-refused') {
    return handshakeError(host, { kind: 'closed', stage: handshakeStage(log) });
  }
  if (code === 'settings.invalid') {
    return new DeckhandError(code, `ssh cannot use its configuration for ${host.name}: ${said}`, {
      details,
      hint: 'Correct the file and line of the ssh configuration named in the message.',
    });
  }
  const last = said === '' ? (log.complaints.at(-1) ?? 'it said nothing') : said;
  return new DeckhandError(code, `ssh did not reach ${where}: ${last}.`.replace(/\.\.$/, '.'), { details });
}

/** Why an established connection ended, by the last lines of its log. Pure. */
export function lostError(host: ResolvedHost, tail: string, silence: number): DeckhandError {
  const details = { host: host.name, address: host.address, port: host.port };
  const lines = tail.split(/\r?\n/).filter(line => line !== '' && !line.startsWith('debug1: '));
  if (lines.some(line => /^Timeout, server .* not responding\.$/.test(line))) {
    const message = `${host.name} has not answered for ${silence / 1000} seconds; the connection was given up.`;
    return new DeckhandError('ssh.peer-silent', message, { details: { ...details, silence } });
  }
  const last = lines.at(-1)?.replace(/\.$/, '');
  const why = last === undefined ? '' : ` (${tailOf(last, 200)})`;
  return new DeckhandError('ssh.connection-lost', `The connection to ${host.name} ended${why}.`, { details });
}

export function handshakeStage({ stage }: LogFacts): HandshakeStage {
  if (stage === 'dialling') return 'greeting';
  return stage === 'authenticated' ? 'authentication' : stage;
}

function codeOf(log: LogFacts): ErrorCode {
  for (const [pattern, code] of MEANING) {
    if (!log.complaints.some(line => pattern.test(line))) continue;
    const foreign = log.foreignLines.length > 0 && log.serverVersion === null;
    return code === 'ssh.handshake-refused' && foreign ? 'ssh.not-ssh' : code;
  }
  return log.stage === 'dialling' ? 'ssh.unreachable' : 'ssh.handshake-refused';
}

function hostKeyError(
  host: ResolvedHost,
  code: ErrorCode,
  log: LogFacts,
  known: readonly KnownKey[],
): DeckhandError {
  const presented = log.hostKey ?? { type: 'unknown', fingerprint: 'unknown' };
  const key = `${presented.type} ${presented.fingerprint}`;
  const details = { host: host.name, address: host.address, port: host.port, presented, known };
  const places = log.offending.map(({ file, line }) => `${file}:${line}`);
  if (code === 'ssh.host-key-revoked') {
    const by = places.length === 0 ? '' : ` by ${places.join(', ')}`;
    return new DeckhandError(code, `The key of ${host.name} (${key}) is revoked${by}.`, { details });
  }
  if (code === 'ssh.host-key-changed') {
    const others = known.map(each => `${each.type} ${each.fingerprint} (${each.file}:${each.line})`);
    const what = (others.length === 0 ? places : others).join(', ');
    const message = `${host.name} presented the key ${key}, but known is ${what}.`;
    return new DeckhandError(code, message, { details });
  }
  return new DeckhandError(code, `The key of ${host.name} (${key}) is in no known_hosts file.`, { details });
}

/** Nothing to offer, an unreadable key, or everything refused. */
export function loginError(
  host: ResolvedHost,
  log: LogFacts,
  { answered, locked }: Pick<FailureSurroundings, 'answered' | 'locked'>,
): DeckhandError {
  const who = `${host.user}@${host.name}`;
  const tried = [...log.tried.filter(each => !locked.has(each.replace(/^key /, ''))), ...answered];
  const details = { host: host.name, user: host.user, tried, serverAccepts: log.serverAccepts };
  const unreadable = unreadableKey(host, log, locked);
  if (tried.length === 0) {
    const message = `There is no key, agent or password for ${who}.`;
    return unreadable ?? new DeckhandError('ssh.no-credentials', message, { details });
  }
  const also = unreadable === null ? '' : ` Not tried: ${unreadable.message}`;
  return new DeckhandError(
    'ssh.authentication-failed',
    `${who} was refused; tried: ${tried.join(', ')}.${also}`,
    { details, ...(unreadable === null ? {} : { cause: unreadable }) },
  );
}

function unreadableKey(
  host: ResolvedHost,
  log: LogFacts,
  locked: FailureSurroundings['locked'],
): DeckhandError | null {
  const [file, how] = [...locked][0] ?? [];
  const broken = log.unreadable.find(each => !/incorrect passphrase/.test(each.why));
  if (file === undefined && broken === undefined) return null;
  const asked =
    how === 'wrong'
      ? 'is encrypted, and the passphrase is wrong'
      : 'is encrypted, and nobody gave its passphrase';
  const path = file ?? broken?.file ?? '';
  const why = file === undefined ? `cannot be used: ${broken?.why ?? ''}` : asked;
  return new DeckhandError('ssh.key-unreadable', `The private key ${path} ${why}.`, {
    details: { host: host.name, path },
  });
}

function proxyCommandError(host: ResolvedHost, stderr: string): DeckhandError {
  const last = tailOf(stderr.trim(), 300).replaceAll('\n', ' ');
  const said = last === '' ? 'it ended without a word' : `it said '${last}'`;
  return new DeckhandError(
    'ssh.jump-failed',
    `${host.name} is reached through its ProxyCommand, which gave no connection; ${said}.`,
    {
      details: { host: host.name, hop: 'ProxyCommand' },
      hint: 'Run the ProxyCommand of the ssh configuration by hand.',
    },
  );
}
