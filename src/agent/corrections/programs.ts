import { APT } from './apt.ts';
import { explain, type FailureSignature, repair } from './signature.ts';
import { waitUntil } from './wait-until.ts';

/** nginx, sshd, PostgreSQL, Docker: what their servers say. */
export const programSignatures: readonly FailureSignature[] = [
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
    id: 'nginx-log-folder',
    pattern: /open\(\) "\/var\/log\/nginx\/[^/"]+" failed \(2: No such file or directory\)/,
    action: repair(
      'the log folder of nginx is gone: make it',
      'install -d -m 0755 -o root -g adm /var/log/nginx',
    ),
  },
  {
    id: 'nginx-work-folder',
    pattern: /mkdir\(\) "\/var\/lib\/nginx\/[^/"]+" failed \(2: No such file or directory\)/,
    action: repair(
      'the work folder of nginx is gone: make it',
      'install -d -m 0755 -o root -g root /var/lib/nginx',
    ),
  },
  {
    id: 'nginx-not-running',
    pattern: /invalid PID number "" in "\/run\/nginx\.pid"|open\(\) "\/run\/nginx\.pid" failed \(2:/,
    action: repair('nginx does not run: start it', 'systemctl --no-ask-password start nginx.service'),
  },
  {
    id: 'nginx-configuration',
    pattern: /nginx: configuration file \S+ test failed/,
    action: explain(
      'step.check-failed',
      'nginx refuses its configuration',
      'The line with [emerg] names file and line.',
    ),
  },
  {
    id: 'sshd-run-folder',
    pattern: /Missing privilege separation directory: \/run\/sshd/,
    action: repair('the run folder of sshd is gone: make it', 'install -d -m 0755 -o root -g root /run/sshd'),
  },
  {
    id: 'sshd-configuration',
    pattern: /Bad configuration option: \S+|sshd_config\S* line \d+: /,
    action: explain(
      'step.check-failed',
      'sshd refuses its configuration; it was not reloaded',
      'Correct the file and line that the message names, and try it with `sshd -t`.',
    ),
  },
  {
    id: 'postgres-down',
    pattern:
      /connection to server on socket "[^"]+" failed: (?:No such file or directory|Connection refused|FATAL: {2}the database system is shutting down|FATAL: {2}terminating connection due to administrator command)/,
    action: repair(
      'PostgreSQL does not run: start it',
      'systemctl --no-ask-password start postgresql.service',
      {
        timeout: 120_000,
      },
    ),
  },
  {
    id: 'postgres-starting',
    pattern: /FATAL: {2}the database system is starting up/,
    action: repair('PostgreSQL is starting: wait until it answers', waitUntil('pg_isready -q', 100), {
      timeout: 120_000,
      needsRoot: false,
    }),
  },
  {
    id: 'postgres-account',
    pattern: /Peer authentication failed for user|FATAL: {2}role "[^"]+" does not exist/,
    action: explain(
      'step.check-failed',
      'PostgreSQL does not know the account that asks',
      'Run it as postgres: `runuser -u postgres -- psql …`.',
    ),
  },
  {
    id: 'postgres-database',
    pattern: /FATAL: {2}database "[^"]+" does not exist/,
    action: explain('step.check-failed', 'there is no such database', 'Create it by a step of its own.'),
  },
  {
    id: 'docker-down',
    pattern: /Cannot connect to the Docker daemon at/,
    action: explain(
      'step.check-failed',
      'Docker does not run, or the account may not speak to it',
      'Start it (`systemctl start docker`), or give the step `privilege: root`.',
    ),
  },
  {
    id: 'docker-port',
    pattern: /port is already allocated/,
    action: explain(
      'step.check-failed',
      'another container has the port',
      'See `docker ps`, or choose another port.',
    ),
  },
  {
    id: 'python-managed',
    pattern: /externally-managed-environment|See PEP 668/,
    action: explain(
      'step.check-failed',
      'the system’s Python belongs to the package manager',
      'Install python3-NAME as a package, or make a virtual environment for it.',
    ),
  },
  {
    id: 'python-venv',
    pattern: /apt install python3[\d.]*-venv|ensurepip is not available/,
    action: repair(
      'the package for virtual environments is missing: install it',
      `${APT} -o DPkg::Lock::Timeout=120 --no-remove --no-install-recommends install python3-venv`,
      { timeout: 300_000 },
    ),
  },
  {
    id: 'python-pip',
    pattern: /python3?[\d.]*: No module named pip$/m,
    action: repair(
      'pip is missing: install its package',
      `${APT} -o DPkg::Lock::Timeout=120 --no-remove --no-install-recommends install python3-pip`,
      { timeout: 300_000 },
    ),
  },
  {
    id: 'cron-syntax',
    pattern: /bad (?:minute|hour|day-of-month|month|day-of-week|command)$/m,
    action: explain(
      'step.check-failed',
      'a line for cron has a field that cron does not take',
      'Correct that field.',
    ),
  },
  {
    id: 'sudoers-syntax',
    pattern: /\S+:\d+:\d+: syntax error/,
    action: explain(
      'step.check-failed',
      'a rule for sudo cannot be read; the old file stays',
      'Correct the line; try it with `visudo -c -f FILE`.',
    ),
  },
];
