import { quote } from '../../shell/quote.ts';
import { explain, type FailureSignature, type FromStep, repair } from './signature.ts';

function unit(verb: string): FromStep {
  return { takes: 'unit', script: name => `systemctl --no-ask-password ${verb} -- ${quote(name)}` };
}

/** Lines of the journal that are read. */
const LINES = 40;

export const systemdSignatures: readonly FailureSignature[] = [
  {
    id: 'no-systemd',
    pattern: /System has not been booted with systemd as init system|^no systemd$/m,
    action: explain(
      'host.unsupported',
      'systemd does not run there (a container, or another init)',
      'Use a `command` state with the service’s own program, or another host.',
    ),
  },
  {
    id: 'bus-down',
    pattern: /Failed to connect to (?:system scope )?bus\b.*(?:Connection refused|No such file or directory)/,
    // measured: with the old systemd-logind every login waits 25 s for a bus that it does not see
    action: repair(
      'the system bus does not run: start it, and what notes logins anew',
      'systemctl --no-ask-password start dbus.socket && systemctl --no-ask-password try-restart systemd-logind.service',
    ),
  },
  {
    id: 'unit-access',
    pattern: /Access denied|[Ii]nteractive authentication required/,
    action: explain(
      'privilege.needed',
      'units are changed by root only, and the step runs as the login account',
      'Give the step `privilege: root`.',
    ),
  },
  {
    id: 'unit-masked',
    pattern: /Unit (?:\/\S+\/)?(?<subject>\S+) is masked/,
    action: repair('the unit is masked, so it cannot start: unmask it', unit('unmask'), {
      leave: 'somebody masked the unit so that it does not start',
    }),
  },
  {
    id: 'unit-start-limit',
    pattern: /(?<subject>\S+): Start request repeated too quickly/,
    action: repair(
      'systemd gave up on the unit after it had failed too often: forget that',
      unit('reset-failed'),
    ),
  },
  {
    id: 'unit-not-active',
    pattern: /(?<subject>\S+) is not active, cannot reload/,
    action: repair('what does not run cannot reload: start it', unit('start')),
  },
  {
    id: 'unit-cannot-reload',
    pattern: /Job type reload is not applicable for unit/,
    action: explain(
      'step.check-failed',
      'the unit has no way to reload',
      'Let it restart: `reloadBy: restart` in a service state.',
    ),
  },
  {
    id: 'unit-bad-setting',
    pattern: /has a bad unit file setting/,
    action: explain(
      'step.check-failed',
      'the unit’s file has a setting that systemd does not take',
      'Run `systemd-analyze verify` with the unit, and correct the line it names.',
    ),
  },
  {
    id: 'unit-missing',
    pattern: /Unit \S+ (?:not found|could not be found)|Unit file \S+ does not exist/,
    action: repair('systemd does not know the unit: let it read its files again', 'systemctl daemon-reload'),
  },
  {
    id: 'unit-program',
    pattern: /status=203\/EXEC|Failed at step EXEC spawning/,
    action: explain(
      'step.check-failed',
      'the program of the unit cannot be run: it is missing, or not executable',
      'Compare ExecStart= of the unit (`systemctl cat`) with the file.',
    ),
  },
  {
    id: 'unit-account',
    pattern: /status=217\/USER|Failed at step USER spawning/,
    action: explain(
      'step.check-failed',
      'the account that the unit runs as does not exist',
      'Add a `user` state for User= of the unit before it.',
    ),
  },
  {
    id: 'unit-folder',
    pattern: /status=200\/CHDIR|Failed at step CHDIR spawning/,
    action: explain(
      'step.check-failed',
      'the folder that the unit runs in does not exist',
      'Add a `directory` state for WorkingDirectory= of the unit before it.',
    ),
  },
];

/** Last of all: what `systemctl` and package scripts say when the reason is in the journal. */
export const journalSignatures: readonly FailureSignature[] = [
  {
    id: 'unit-job-failed',
    pattern: /Job for (?<subject>\S+) (?:failed|canceled)/,
    action: {
      kind: 'look',
      title: 'the reason is in the journal of the unit',
      script: name =>
        [
          // its last words may still be on their way there
          'journalctl --sync 2>/dev/null || :',
          `systemctl status --no-pager --full -n 0 -- ${quote(name)} || :`,
          `journalctl --no-pager -q -o cat -n ${LINES} --since=-10min -u ${quote(name)} || :`,
        ].join('\n'),
    },
  },
];
