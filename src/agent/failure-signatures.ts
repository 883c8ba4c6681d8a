import type { ErrorCode } from '../core/error-table.ts';

/**
 * Failures known by the exact words their tools print (there is no better signal: apt and systemctl
 * give one exit code for everything), each with the one safe thing to do. Texts were captured on
 * Debian 13 under LC_ALL=C.UTF-8, where quotes may be ‘typographic’.
 *
 * A repair's script is a constant: nothing a host prints can get into it, so no correction can
 * change an operand, widen a path or add a privilege the step did not have.
 */
export interface FailureSignature {
  readonly id: string;
  readonly pattern: RegExp;
  readonly action: RepairAction | ExplainAction;
}
export interface RepairAction {
  readonly kind: 'repair';
  /** What is done before the failed command is run once more. */
  readonly title: string;
  readonly script: string;
  /** Milliseconds. */
  readonly timeout: number;
}
export interface ExplainAction {
  readonly kind: 'explain';
  readonly code: ErrorCode;
  readonly cause: string;
  readonly nextStep: string;
}

const APT = 'DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y -q';
const refreshLists: RepairAction = {
  kind: 'repair',
  title: 'the package lists are stale: refresh them, then try once more',
  script: `${APT} -o DPkg::Lock::Timeout=120 -o APT::Update::Error-Mode=any update`,
  timeout: 300_000,
};
/** Takes the same locks as the failed command, changes nothing, and so waits for whoever holds them. */
const waitForLock: RepairAction = {
  kind: 'repair',
  title: 'another program holds the package lock: wait for it (never break it), then try once more',
  script: `${APT} -o DPkg::Lock::Timeout=300 install`,
  timeout: 330_000,
};

function explain(code: ErrorCode, cause: string, nextStep: string): ExplainAction {
  return { kind: 'explain', code, cause, nextStep };
}

/** Order matters: specific before generic; the first match is taken. */
export const FAILURE_SIGNATURES: readonly FailureSignature[] = [
  {
    id: 'disk-full',
    pattern: /No space left on device|You don['‘’]t have enough free space/,
    action: explain(
      'host.disk-full',
      'a file system is full',
      'Run the free-disk runbook, or enlarge the file system.',
    ),
  },
  {
    id: 'file-system-read-only',
    pattern: /Read-only file system/,
    action: explain(
      'host.unsupported',
      'the file system is mounted read-only',
      'Look at dmesg for disk errors, then remount it.',
    ),
  },
  {
    id: 'apt-lock',
    pattern:
      /Could not get lock \/var\/lib\/(?:dpkg|apt)\/|Unable to acquire the dpkg frontend lock|dpkg frontend lock was locked by/,
    action: waitForLock,
  },
  {
    id: 'dpkg-interrupted',
    pattern: /dpkg was interrupted, you must manually run/,
    action: {
      kind: 'repair',
      title: 'an earlier installation was interrupted: let dpkg finish it, then try once more',
      script: 'DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a',
      timeout: 300_000,
    },
  },
  {
    id: 'apt-names-do-not-resolve',
    pattern: /Temporary failure resolving/,
    action: explain(
      'command.failed',
      'the host cannot resolve the package mirror’s name',
      'Mend DNS on the host (/etc/resolv.conf).',
    ),
  },
  {
    id: 'apt-lists-stale',
    pattern: /E: Unable to locate package|has no installation candidate/,
    action: refreshLists,
  },
  {
    id: 'apt-package-moved',
    pattern: /E: Failed to fetch .*404 {1,2}Not Found|maybe run apt-get update/,
    action: refreshLists,
  },
  {
    id: 'unit-masked',
    pattern: /Unit \S+ is masked/,
    action: explain(
      'step.check-failed',
      'the unit is masked: somebody forbade it to start',
      'If that is wrong: systemctl unmask the unit, then run again.',
    ),
  },
  {
    id: 'port-in-use',
    pattern: /bind\(\) to \S+ failed \(98|Address already in use/,
    action: explain(
      'step.check-failed',
      'another program already listens on the port',
      'Find it with `ss -ltnp`, or choose another port.',
    ),
  },
  {
    id: 'unit-missing',
    pattern: /Unit \S+ (?:not found|could not be found)/,
    action: explain(
      'step.check-failed',
      'there is no such unit on the host',
      'Check the service’s name, or install its package first.',
    ),
  },
];
