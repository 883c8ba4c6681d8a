import { waitForPackageLock } from './apt.ts';
import { explain, type FailureSignature, repair } from './signature.ts';

const CONFIGURE = 'DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold --configure -a';

export const dpkgSignatures: readonly FailureSignature[] = [
  {
    id: 'dpkg-lock',
    pattern: /dpkg frontend lock was locked by|dpkg: error: dpkg database lock was locked by/,
    action: waitForPackageLock,
  },
  {
    id: 'debconf-locked',
    pattern: /DbDriver ["'‘’]config["'‘’]: \S+ is locked by another process/,
    action: repair(
      'another program answers questions of packages: wait for it',
      'flock -w 300 /var/cache/debconf/config.dat true',
      { timeout: 330_000 },
    ),
  },
  {
    id: 'dpkg-interrupted',
    pattern: /dpkg was interrupted, you must manually run/,
    action: repair('an earlier installation was interrupted: let dpkg finish it', CONFIGURE, {
      timeout: 600_000,
    }),
  },
  {
    id: 'dpkg-conffile',
    pattern: /end of file on stdin at conffile prompt/,
    action: repair(
      'a changed configuration file waits for an answer: keep the one that is there',
      CONFIGURE,
      {
        timeout: 600_000,
      },
    ),
  },
  {
    id: 'dpkg-overwrite',
    pattern: /trying to overwrite ['‘’"][^'‘’"]+['‘’"], which is also in package/,
    action: explain(
      'step.check-failed',
      'two packages bring the same file',
      'Remove one of the two that the message names.',
    ),
  },
  {
    id: 'dpkg-status-damaged',
    pattern: /parsing file ['‘’"]\/var\/lib\/dpkg\/(?:status|available)['‘’"] near line/,
    action: explain(
      'step.check-failed',
      'dpkg’s record of what is installed is damaged',
      'Compare /var/lib/dpkg/status with status-old and /var/backups/dpkg.status.0, by hand.',
    ),
  },
  {
    id: 'policy-rc-d',
    pattern: /policy-rc\.d denied execution of/,
    action: explain(
      'step.check-failed',
      'this host forbids packages to start services (/usr/sbin/policy-rc.d)',
      'Start the service by a step of its own.',
    ),
  },
];
