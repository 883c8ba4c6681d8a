import type { Clock } from '../core/clock.ts';
import { type DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { type DoctorFinding, fail, ok, warn } from './doctor.ts';
import { collectFacts } from './facts.ts';
import type { Facts } from './facts-schema.ts';

/** Bytes that Deckhand wants free where it keeps its run directories. */
const STATE_ROOM = 200 * 1024 * 1024;
/** Milliseconds of clock difference that certificates and logs begin to suffer from. */
const SKEW_WARN = 5_000;
const SKEW_FAIL = 300_000;

/** The stages of a connection, in order; each later one says that the earlier ones are well. */
const STAGES = ['resolve', 'reach', 'handshake', 'host-key', 'authentication', 'shell'] as const;
type Stage = (typeof STAGES)[number];

const STAGE_OF: Partial<Record<ErrorCode, Stage>> = {
  'input.invalid': 'resolve',
  'settings.invalid': 'resolve',
  'ssh.resolve-failed': 'resolve',
  'ssh.unsupported-configuration': 'resolve',
  'ssh.jump-failed': 'reach',
  'ssh.refused': 'reach',
  'ssh.unreachable': 'reach',
  'ssh.connect-timeout': 'reach',
  'ssh.not-ssh': 'handshake',
  'ssh.handshake-refused': 'handshake',
  'ssh.no-common-algorithm': 'handshake',
  'ssh.connection-lost': 'handshake',
  'ssh.peer-silent': 'handshake',
  'ssh.host-key-unknown': 'host-key',
  'ssh.host-key-changed': 'host-key',
  'ssh.host-key-revoked': 'host-key',
  'ssh.authentication-failed': 'authentication',
  'ssh.no-credentials': 'authentication',
  'ssh.key-unreadable': 'authentication',
};

/**
 * Connects, collects facts and judges them. A fault of the host is a finding, never thrown.
 * `connect` opens the connection; it is closed here.
 */
export async function examineHost(
  connect: (signal: AbortSignal) => Promise<SshConnection>,
  signal: AbortSignal,
  clock: Clock,
): Promise<readonly DoctorFinding[]> {
  let stage: Stage = 'resolve';
  try {
    await using connection = await connect(signal);
    stage = 'shell';
    const facts = await collectFacts(connection, signal, clock);
    return [...stagesBefore('shell'), ok('host.shell', 'The account runs commands.'), ...judgeFacts(facts)];
  } catch (thrown) {
    signal.throwIfAborted();
    return connectFindings(toDeckhandError(thrown), stage);
  }
}

/** What an error says of each stage: those before it are well, it failed, later ones were not reached. */
export function connectFindings(error: DeckhandError, reached: Stage = 'resolve'): DoctorFinding[] {
  const stage = reached === 'shell' ? 'shell' : (STAGE_OF[error.code] ?? reached);
  return [...stagesBefore(stage), fail(`host.${stage}`, error.message, error.hint)];
}

const STAGE_SENTENCE: Readonly<Record<Stage, string>> = {
  resolve: 'The name has an address.',
  reach: 'The address answers.',
  handshake: 'It speaks SSH.',
  'host-key': 'The host key is the known one.',
  authentication: 'The account logs in.',
  shell: 'The account runs commands.',
};

function stagesBefore(stage: Stage): DoctorFinding[] {
  return STAGES.slice(0, STAGES.indexOf(stage)).map(name => ok(`host.${name}`, STAGE_SENTENCE[name]));
}

/** What facts say of a host's fitness. Pure. */
export function judgeFacts(facts: Facts): DoctorFinding[] {
  return [
    systemFinding(facts),
    sudoFinding(facts),
    stateFinding(facts),
    clockFinding(facts),
    ...toolFindings(facts),
  ];
}

function systemFinding({ os, processor }: Facts): DoctorFinding {
  const told = `${os.prettyName}, ${os.kernelName} ${os.kernel}, ${os.architecture}, ${processor.count} CPUs.`;
  if (os.family !== 'unknown') return ok('host.system', told);
  return warn('host.system', told, 'Package and service states do not know this family; commands work.');
}

function sudoFinding({ sudo, account }: Facts): DoctorFinding {
  const id = 'host.sudo';
  if (sudo === 'root') return ok(id, 'The account is root.');
  if (sudo === 'passwordless') return ok(id, `${account.user} becomes root without a password.`);
  if (sudo === 'absent') {
    return warn(
      id,
      `${account.user} is not root and sudo is not installed.`,
      'Log in as root, or install sudo.',
    );
  }
  return warn(
    id,
    `${account.user} cannot become root without a password.`,
    'Pass --ask-sudo-password, or give the account sudo rights.',
  );
}

function stateFinding({ state }: Facts): DoctorFinding {
  const id = 'host.state';
  if (!state.writable) {
    return fail(
      id,
      `${state.path} cannot be written.`,
      'Check the home directory and its owner on the host.',
    );
  }
  if (state.available === null) {
    return warn(
      id,
      `The free room of ${state.path} is not known: df did not answer.`,
      'Look for hanging mounts.',
    );
  }
  const room = `${Math.floor(state.available / 1024 / 1024)} MiB`;
  if (state.available < STATE_ROOM) {
    return fail(id, `${state.path} has ${room} left; 200 MiB are needed.`, 'Free some space on the host.');
  }
  return ok(id, `${state.path} has ${room} left.`);
}

function clockFinding({ clockSkew }: Facts): DoctorFinding {
  const id = 'host.clock';
  const seconds = `${(Math.abs(clockSkew) / 1000).toFixed(1)} s ${clockSkew < 0 ? 'behind' : 'ahead of'} ours`;
  const fix = 'Start time synchronisation on the host (systemd-timesyncd or chrony).';
  if (Math.abs(clockSkew) >= SKEW_FAIL) return fail(id, `The clock is ${seconds}.`, fix);
  if (Math.abs(clockSkew) >= SKEW_WARN) return warn(id, `The clock is ${seconds}.`, fix);
  return ok(id, 'The clock agrees with ours.');
}

function toolFindings({ packageManager, init }: Facts): DoctorFinding[] {
  return [
    packageManager
      ? ok('host.packages', `Packages are managed by ${packageManager}.`)
      : warn('host.packages', 'No known package manager.', 'Package states cannot be used here.'),
    init === 'systemd'
      ? ok('host.services', 'Services are managed by systemd.')
      : warn('host.services', `No systemd (init: ${init}).`, 'Service states cannot be used here.'),
  ];
}
