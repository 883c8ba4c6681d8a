/**
 * The closed list of everything that can go wrong, in one table.
 * `docs/errors.md` is generated from it (`npm run docs`), and a test keeps the two equal.
 */

/** Process exit codes of the `deckhand` command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  someHostsFailed: 3,
  unreachable: 4,
  authentication: 5,
  refused: 6,
  approvalNeeded: 7,
  timedOut: 8,
  changesPending: 10,
  interrupted: 130,
} as const;

export type ExitName = keyof typeof EXIT;

export interface ErrorTraits {
  /** What it means, one sentence. */
  readonly title: string;
  /** May the same attempt be repeated unchanged and succeed? */
  readonly retryable: boolean;
  readonly exit: ExitName;
  readonly httpStatus: number;
  /** What the person can do about it. */
  readonly hint: string;
}

function row(
  title: string,
  exit: ExitName,
  httpStatus: number,
  hint: string,
  retryable: 'retry' | 'final' = 'final',
): ErrorTraits {
  return { title, exit, httpStatus, hint, retryable: retryable === 'retry' };
}

export const ERROR_TABLE = {
  // prettier: one row per code keeps the table readable
  'input.invalid': row(
    'A parameter is missing, unknown or malformed.',
    'usage',
    400,
    'Correct the field named in the message.',
  ),
  'input.prompt-needed': row(
    'A question would be asked, but no terminal is attached.',
    'usage',
    400,
    'Pass the flag named in the message.',
  ),
  'settings.invalid': row(
    'A settings file does not fit its schema.',
    'usage',
    400,
    'Correct the file, line and field named in the message.',
  ),
  'fleet.unknown-host': row(
    'No host, group or pattern has this name.',
    'usage',
    404,
    'List the known names with `deckhand hosts list`, or add one with `deckhand hosts add`.',
  ),
  'fleet.host-exists': row(
    'A host with this name is already known.',
    'usage',
    409,
    'Choose another name or edit the file named in the message.',
  ),

  'ssh.resolve-failed': row(
    'The host name has no address.',
    'unreachable',
    502,
    'Check the name and the DNS settings of this machine.',
    'retry',
  ),
  'ssh.refused': row(
    'The address answers, but nothing listens on this port.',
    'unreachable',
    502,
    'Check the port, and that sshd is running.',
    'retry',
  ),
  'ssh.unreachable': row(
    'No route leads to the address.',
    'unreachable',
    502,
    'Check the network, the VPN and the address.',
    'retry',
  ),
  'ssh.connect-timeout': row(
    'The address did not answer within the connect timeout.',
    'unreachable',
    504,
    'Check firewalls on the way; raise the connect timeout for slow links.',
    'retry',
  ),
  'ssh.not-ssh': row(
    'Something answers on this port, but it does not speak SSH.',
    'unreachable',
    502,
    'Check the port.',
  ),
  'ssh.handshake-refused': row(
    'The server closed the connection before authentication (MaxStartups or a penalty).',
    'unreachable',
    503,
    'Fewer connections at once; Deckhand backs off and tries again by itself.',
    'retry',
  ),
  'ssh.no-common-algorithm': row(
    'Client and server share no key exchange, cipher or host key algorithm.',
    'unreachable',
    502,
    'Update the server, or allow the algorithm in ~/.ssh/config.',
  ),
  'ssh.host-key-unknown': row(
    'The host key is not in known_hosts.',
    'authentication',
    403,
    "Compare the fingerprint with the server's own, then accept it with `--accept-host-key`.",
  ),
  'ssh.host-key-changed': row(
    'The host key differs from the one in known_hosts.',
    'authentication',
    403,
    'If the server was reinstalled, remove the old line with `ssh-keygen -R`; if not, somebody may be in between.',
  ),
  'ssh.host-key-revoked': row(
    'The host key is marked @revoked in known_hosts.',
    'authentication',
    403,
    'Do not connect; ask whoever revoked it.',
  ),
  'ssh.authentication-failed': row(
    'The server refused every credential that was offered.',
    'authentication',
    401,
    'Check the user name and that the public key is in authorized_keys on the server.',
  ),
  'ssh.no-credentials': row(
    'There is no key, agent or password to offer.',
    'authentication',
    401,
    'Set IdentityFile, start an agent, or pass --ask-password.',
  ),
  'ssh.key-unreadable': row(
    'A private key file cannot be read or decrypted.',
    'authentication',
    401,
    'Check the path, its permissions and the passphrase.',
  ),
  'ssh.unsupported-configuration': row(
    'The configuration asks for something this SSH engine cannot do.',
    'usage',
    501,
    'See the message for the option; a plain key login works today.',
  ),
  'ssh.jump-failed': row(
    'A host of the jump chain could not be passed.',
    'unreachable',
    502,
    'Test the jump host by itself: `deckhand hosts test JUMP`.',
    'retry',
  ),
  'ssh.connection-lost': row(
    'The connection ended in the middle of the work.',
    'unreachable',
    502,
    'Look at the network and at sshd on the host; what ran there is looked up again on reconnect.',
    'retry',
  ),
  'ssh.peer-silent': row(
    'The peer stopped answering keep-alives.',
    'unreachable',
    504,
    'The network drops packets or the host hangs.',
    'retry',
  ),
  'ssh.channel-refused': row(
    'The server refused a new session on the connection (MaxSessions).',
    'unreachable',
    503,
    'Deckhand waits for a free session; raise MaxSessions for more at once.',
    'retry',
  ),
  'ssh.no-shell': row(
    'The account logs in but cannot run commands (no shell, or a forced command).',
    'failed',
    422,
    'Give the account a POSIX shell, or use another account.',
  ),

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

  'plan.empty': row('A plan without steps proves nothing.', 'usage', 400, 'Add at least one step.'),
  'plan.invalid': row(
    'The plan does not fit its schema.',
    'usage',
    400,
    'Correct the field named in the message.',
  ),
  'plan.cyclic': row(
    'Steps of the plan wait for each other in a circle.',
    'usage',
    400,
    'Remove one of the dependencies named in the message.',
  ),
  'plan.no-match': row(
    'No runbook fits the request well enough to run it.',
    'usage',
    422,
    'Choose one of the nearest runbooks, or write the plan as a file.',
  ),
  'plan.ambiguous': row(
    'Several runbooks or values fit the request.',
    'usage',
    422,
    'Say which one, or pass the missing parameters with --set.',
  ),
  'plan.parameter-missing': row(
    'The request leaves a needed parameter of the runbook open.',
    'usage',
    422,
    'Name it in the request or pass --set NAME=VALUE.',
  ),
  'runbook.unknown': row(
    'No runbook has this name.',
    'usage',
    404,
    'List them with `deckhand runbook list`.',
  ),
  'runbook.invalid': row(
    'A runbook file does not fit its schema.',
    'usage',
    400,
    'Correct the file and field named in the message.',
  ),
  'approval.needed': row(
    'The plan changes hosts and nobody approved it.',
    'approvalNeeded',
    409,
    'Read the plan, then run it with --yes.',
  ),
  'approval.declined': row(
    'A person declined the plan or a step.',
    'approvalNeeded',
    409,
    'Nothing was changed by what was declined.',
  ),
  'step.check-failed': row(
    'A step ran, but its check does not hold on the host.',
    'failed',
    422,
    "Read the check and the step's output in the report.",
  ),
  'step.check-unreadable': row(
    'A check could not be decided on the host.',
    'failed',
    422,
    "Read the check's own output in the report.",
  ),
  'step.dependency-failed': row(
    'A step this one depends on did not succeed.',
    'failed',
    424,
    'Mend the failed step first.',
  ),
  'run.postcondition-failed': row(
    'All steps ran, but a post-condition does not hold.',
    'failed',
    422,
    'Read which one in the report.',
  ),
  'run.some-hosts-failed': row(
    'Some hosts succeeded and some did not.',
    'someHostsFailed',
    207,
    'Run again on the failed hosts only.',
  ),

  'task.unknown': row('No task has this id.', 'usage', 404, 'List them with `deckhand task list`.'),
  'task.unknown-kind': row(
    'No kind of task has this name.',
    'usage',
    400,
    'See the kinds in the message; a plug-in can add one.',
  ),
  'task.too-large': row(
    'The parameters of a task are larger than a task may carry.',
    'usage',
    413,
    'Put large data into a file and transfer it.',
  ),
  'task.illegal-state': row(
    'The task is in a state in which this cannot be done.',
    'usage',
    409,
    'Look at it with `deckhand task show`.',
  ),
  'task.cyclic': row(
    'Tasks depend on each other in a circle.',
    'usage',
    400,
    'Remove one of the dependencies named in the message.',
  ),
  'task.dependency-failed': row(
    'A task this one depends on did not succeed.',
    'failed',
    424,
    'Mend the failed task and retry it.',
  ),
  'task.executor-crashed': row(
    'The process that carried the task out died, again and again.',
    'failed',
    500,
    'Read the daemon log; please report it.',
  ),
  'task.lost': row(
    'The task began something on a host, and nobody saw how it ended.',
    'failed',
    502,
    'Look on the host, then decide: `deckhand task retry` begins it anew.',
  ),

  'store.locked': row(
    'Another process owns the store.',
    'failed',
    409,
    'Use the daemon that owns it, or stop it with `deckhand daemon stop`.',
  ),
  'store.corrupt': row(
    'The store file is damaged; nothing was overwritten.',
    'failed',
    500,
    'Put the file aside and restore a backup (`deckhand store backup` makes one).',
  ),
  'store.full': row(
    'The file system of the store has no room left; nothing new is accepted.',
    'failed',
    507,
    'Free some space on the path named in the message; work that was accepted goes on.',
  ),
  'store.unusable': row(
    'The state folder or the store cannot be used as it is.',
    'failed',
    500,
    'Correct owner, mode or path as the message says.',
  ),
  'store.newer': row(
    'The store was written by a newer Deckhand.',
    'failed',
    409,
    'Use that version, or another state folder.',
  ),
  'daemon.unreachable': row(
    'No daemon answers on its socket.',
    'unreachable',
    503,
    'Start it with `deckhand daemon start`, or pass --local.',
    'retry',
  ),
  'daemon.start-failed': row(
    'The daemon did not start.',
    'failed',
    500,
    'Read its log, named in the message.',
  ),
  'daemon.already-running': row(
    'A daemon already runs for this state folder.',
    'failed',
    409,
    'Use it, or stop it with `deckhand daemon stop`.',
  ),

  'api.unknown-route': row(
    'The daemon has no such route.',
    'usage',
    404,
    'Command and daemon may differ in version: `deckhand daemon stop`, then try again.',
  ),
  'api.unauthorised': row(
    'The daemon does not know who asks.',
    'authentication',
    401,
    'Pass the token that the daemon was started with.',
  ),

  'local.file-missing': row(
    'A file on this machine does not exist or cannot be read.',
    'usage',
    400,
    'Check the path and its permissions.',
  ),
  'internal.defect': row(
    'Deckhand itself is at fault.',
    'failed',
    500,
    'Please report it with the text of the message.',
  ),
} as const satisfies Record<string, ErrorTraits>;

export type ErrorCode = keyof typeof ERROR_TABLE;
