import type { Privilege } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { sanitiseText, tailOf } from '../core/untrusted.ts';
import type { ExecuteResult, SshConnection } from '../ssh/connection.ts';
import { type PrivilegeRoute, wrap } from './launch-command.ts';
import { type RandomSource, newMarker } from './marker.ts';

/** `root`: the login account is root. `sudo`: without password. `sudo-password`: with the one given. */
export type PrivilegeLevel = 'root' | 'sudo' | 'sudo-password' | 'none';

export interface ProbeOptions {
  readonly signal: AbortSignal;
  readonly password?: string;
  readonly random?: RandomSource;
}

const PROBE =
  'u=$(id -u); [ "$u" = 0 ] && { printf "%s\\nroot\\n" "$1"; exit 0; }; sudo -k -n -- sh -c : && { printf "%s\\nsudo\\n" "$1"; exit 0; }; printf "%s\\nnone\\n" "$1"';

/**
 * How this account can become root. One round trip, two when a password is needed and given. The
 * password is tried once (a wrong one costs one failed attempt, never a lock-out by our retries).
 * Throws `privilege.password-refused`; with no password given, a sudo that wants one is `none`.
 */
export async function probePrivilege(
  connection: SshConnection,
  options: ProbeOptions,
): Promise<PrivilegeLevel> {
  const marker = newMarker(options.random);
  const probe = wrap({ kind: 'plain' }, PROBE, [marker], new Uint8Array());
  const result = await connection.execute(probe.command, { signal: options.signal });
  const answer = answerAfter(result, marker);
  if (answer === null) {
    throw new DeckhandError(
      'ssh.no-shell',
      `${connection.host.user}@${connection.host.name} logs in but runs no commands.`,
      { details: { host: connection.host.name, user: connection.host.user } },
    );
  }
  if (answer === 'root' || answer === 'sudo') return answer;
  if (options.password === undefined) return 'none';
  await verifyPassword(connection, options.password, options.signal, options.random);
  return 'sudo-password';
}

/** Sends nothing but the password, so that a wrong one cannot make sudo read on as if it were asked again. */
async function verifyPassword(
  connection: SshConnection,
  password: string,
  signal: AbortSignal,
  random: RandomSource | undefined,
): Promise<void> {
  if (/[\n\r\0]/.test(password)) throw passwordRefused(connection, 'a password cannot hold a line break');
  const marker = newMarker(random);
  const command = `exec env LC_ALL=C sudo -k -S -p '' -- sh -c 'printf "%s\\nsudo-password\\n" "$1"' deckhand ${marker}`;
  const result = await connection.execute(command, { signal, stdin: Buffer.from(`${password}\n`) });
  if (answerAfter(result, marker) !== 'sudo-password') {
    throw passwordRefused(connection, reasonOf(result.stderr, password));
  }
}

function answerAfter(result: ExecuteResult, marker: string): string | null {
  const text = new TextDecoder().decode(result.stdout);
  const at = text.indexOf(`${marker}\n`);
  return at < 0 ? null : text.slice(at + marker.length + 1).trim();
}

/** The last line that sudo said, for people; never the password, even if something echoed it. */
export function reasonOf(stderr: Uint8Array, password?: string): string {
  const text = sanitiseText(new TextDecoder().decode(stderr)).trim();
  const line = tailOf(text.split('\n').at(-1) ?? '', 200);
  if (password !== undefined && password !== '' && text.includes(password)) return 'sudo refused';
  return line === '' ? 'sudo said nothing' : line;
}

export function passwordRefused(connection: SshConnection, reason: string): DeckhandError {
  const { name, user } = connection.host;
  return new DeckhandError(
    'privilege.password-refused',
    `sudo on ${name} did not make ${user} root: ${reason}.`,
    { details: { host: name, user, reason } },
  );
}

export function privilegeNeeded(connection: SshConnection, reason: string): DeckhandError {
  const { name, user } = connection.host;
  return new DeckhandError('privilege.needed', `${user} on ${name} cannot become root: ${reason}.`, {
    details: { host: name, user, reason },
  });
}

export interface PrivilegeOptions {
  /** Asked at most once per connection, and only when sudo wants a password. Null: nobody can answer. */
  readonly sudoPassword?: () => Promise<string | null>;
  readonly random?: RandomSource;
}

const ROUTES = new WeakMap<SshConnection, Promise<PrivilegeRoute>>();

/**
 * The route to a privilege on a connection. What was found is kept as long as the connection lives
 * (the password too, in this process's memory only); a failure is not kept.
 * Throws `privilege.needed` and `privilege.password-refused`.
 */
export async function routeTo(
  connection: SshConnection,
  privilege: Privilege,
  options: PrivilegeOptions,
  signal: AbortSignal,
): Promise<PrivilegeRoute> {
  if (privilege === 'user' || connection.host.user === 'root') return { kind: 'plain' };
  const known = ROUTES.get(connection);
  if (known !== undefined) return known;
  const found = findRoute(connection, options, signal);
  ROUTES.set(connection, found);
  found.catch(() => {
    if (ROUTES.get(connection) === found) ROUTES.delete(connection);
  });
  return found;
}

async function findRoute(
  connection: SshConnection,
  options: PrivilegeOptions,
  signal: AbortSignal,
): Promise<PrivilegeRoute> {
  const random = options.random === undefined ? {} : { random: options.random };
  const level = await probePrivilege(connection, { signal, ...random });
  if (level === 'root') return { kind: 'plain' };
  if (level === 'sudo') return { kind: 'sudo' };
  const password = (await options.sudoPassword?.()) ?? null;
  if (password === null) throw privilegeNeeded(connection, 'sudo wants a password and none was given');
  await verifyPassword(connection, password, signal, options.random);
  return { kind: 'sudo-password', password };
}
