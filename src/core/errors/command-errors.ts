import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with a command on a host. */
export const commandErrors = {
  'command.failed': row('The command ended with a non-zero exit code.', 'failed', 422, 'Read its stderr.'),
  'command.killed': row(
    'The command was ended by a signal.',
    'failed',
    422,
    'Look for who sent it: a person, the OOM killer, a service manager.',
  ),
  'command.unknown': row(
    'The command started, but nobody saw it end.',
    'failed',
    502,
    'Look on the host before running it again.',
  ),
  'command.timeout': row(
    'The command ran longer than its time limit and was stopped.',
    'timedOut',
    504,
    'Raise --timeout, or look at why it hangs.',
  ),
  'command.idle-timeout': row(
    'The command printed nothing for longer than the idle limit and was stopped.',
    'timedOut',
    504,
    'Raise --idle-timeout, or make it report.',
  ),
  'command.cancelled': row('The work was cancelled.', 'interrupted', 499, 'Nothing to do: it was asked for.'),
  'command.cancel-unproved': row(
    'A cancel was sent, but processes are still there or cannot be seen.',
    'failed',
    502,
    'Look on the host for the processes named in the message.',
  ),
  'host.disk-full': row(
    'A file system on the host has no room left.',
    'failed',
    507,
    'Free some space on the path named in the message.',
  ),
  'host.unsupported': row(
    'The host lacks something the work needs.',
    'failed',
    422,
    'See the message for what is missing.',
  ),
  'privilege.needed': row(
    'The work needs root, and this account cannot become root without a password.',
    'authentication',
    403,
    'Pass --ask-sudo-password, or give the account sudo rights.',
  ),
  'privilege.password-refused': row(
    'sudo refused the password, or the account is not allowed to use sudo.',
    'authentication',
    403,
    'Check the password and the sudoers of the host.',
  ),
} as const satisfies Record<string, ErrorTraits>;
