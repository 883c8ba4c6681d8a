import { posix } from 'node:path';
import { quote } from '../../shell/quote.ts';
import { explain, type FailureSignature, type FromStep, repair, runOtherwise } from './signature.ts';

const folder: FromStep = { takes: 'folder', script: path => `mkdir -p -- ${quote(path)}` };
const folderOfPath: FromStep = {
  takes: 'path',
  script: path => `mkdir -p -- ${quote(posix.dirname(path))}`,
};
const folderItself: FromStep = { takes: 'path', script: path => `mkdir -p -- ${quote(path)}` };

/** Only where the first line ends as on Windows: `[[:cntrl:]]` is that character. */
const withoutReturns: FromStep = {
  takes: 'path',
  script: path =>
    `head -n 1 -- ${quote(path)} | grep -q '^#!.*[[:cntrl:]]$' && sed -i -e 's/\\r$//' -- ${quote(path)}`,
};

/** What the words of a shell, of coreutils and of rsync have in common: they could not make a file. */
const CREATE = String.raw`(?:cannot (?:create(?: regular file| directory)?|touch)|failed to create symbolic link|cannot move ['‘’"][^'‘’"]+['‘’"] to|mkdir)`;

export const fileSignatures: readonly FailureSignature[] = [
  {
    id: 'disk-full',
    pattern: /No space left on device|You don['‘’]t have enough free space/,
    action: explain(
      'host.disk-full',
      'a file system is full (of bytes, or of files)',
      'Run the free-disk runbook, or enlarge the file system; `df -h` and `df -i` show which.',
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
    id: 'folder-missing',
    pattern: /Directory (?<subject>\/.*) is missing\./,
    action: repair('the folder of the file is missing: make it', folder),
  },
  {
    id: 'run-folder-missing',
    pattern:
      /['‘’" ]\/(?:var\/)?run\/[^'‘’":]+['‘’"]?:? .*(?:No such file or directory|Directory nonexistent)/,
    action: repair(
      'a folder below /run is missing: make those that the host’s own rules name',
      'systemd-tmpfiles --create',
    ),
  },
  {
    id: 'target-folder-missing',
    pattern: new RegExp(
      String.raw`${CREATE} ['‘’"]?(?<subject>/[^'‘’":\n]+?)/?['‘’"]?(?::| failed:) (?:No such file or directory|Directory nonexistent)`,
    ),
    action: repair('the folder for what is written is missing: make it', folderOfPath, { needsRoot: false }),
  },
  {
    id: 'key-folder-missing',
    pattern: /Saving key ["'‘’](?<subject>\/[^"'‘’]+)["'‘’] failed: No such file or directory/,
    action: repair(
      'the folder for the key is missing: make it, private',
      { takes: 'path', script: path => `mkdir -p -m 0700 -- ${quote(posix.dirname(path))}` },
      { needsRoot: false },
    ),
  },
  {
    id: 'mount-point-missing',
    pattern: /mount: (?<subject>\/.*): mount point does not exist/,
    action: repair('the folder to mount on is missing: make it', folderItself),
  },
  {
    id: 'text-busy',
    pattern: /cannot create regular file ['‘’"](?<subject>[^'‘’"]+)['‘’"]: Text file busy/,
    action: repair(
      'the program is running: give its file a place of its own, the running one keeps the old',
      { takes: 'path', script: path => `sed -i -e '' -- ${quote(path)}` },
      { needsRoot: false },
    ),
  },
  {
    id: 'temporary-folder-closed',
    pattern:
      /failed to create (?:file|directory) via template ['‘’"]\/tmp\/[^'‘’"]+['‘’"]: Permission denied/,
    action: repair('not everybody may write to /tmp: give it back its mode', 'chmod 1777 /tmp'),
  },
  {
    id: 'temporary-folder-unknown',
    pattern:
      /failed to create (?:file|directory) via template ['‘’"]\/[^'‘’"]+['‘’"]: No such file or directory/,
    action: runOtherwise('TMPDIR names a folder that is not there: do without it', {
      prefix: 'unset TMPDIR',
    }),
  },
  {
    id: 'carriage-returns',
    pattern:
      /(?:^|[ :])(?<subject>\/[^\s:]+): (?:not found|cannot execute: required file not found|bad interpreter)/m,
    action: repair('the script ends its lines as Windows does: take that away', withoutReturns, {
      needsRoot: false,
    }),
  },
  {
    id: 'not-executable',
    pattern: /(?:^|: )(?:\d+|line \d+): (?:eval: )?(?<subject>\/[^\s:]+): Permission denied$/m,
    action: repair(
      'the program of the step is not executable: make it so, for its owner',
      { takes: 'path', script: path => `[ -f ${quote(path)} ] && chmod u+x -- ${quote(path)}` },
      { needsRoot: false },
    ),
  },
  {
    id: 'file-immutable',
    pattern: /(?:cannot (?:remove|move|create|touch)|unable to \w+) .*: Operation not permitted/,
    action: explain(
      'step.check-failed',
      'the file is protected from every change',
      'See `lsattr`; whoever set `chattr +i` had a reason.',
    ),
  },
  {
    id: 'permission-denied',
    pattern: /cannot \w+[^:\n]*: Permission denied|PermissionError: \[Errno 13\]/,
    action: explain(
      'privilege.needed',
      'the account that the step runs as may not do that',
      'Give the step `privilege: root`, or the account the right; never mode 777.',
    ),
  },
  {
    id: 'file-exists',
    pattern: /: File exists$/m,
    action: explain(
      'step.check-failed',
      'something is there already, and what it is was not planned for',
      'Look at it; a `directory` or `link` state says what it should be.',
    ),
  },
  {
    id: 'is-a-folder',
    pattern: /: Is a directory$|-r not specified; omitting directory/m,
    action: explain(
      'step.check-failed',
      'it is a folder, and the step did not say that all in it is meant',
      'Say so in the step, if it is.',
    ),
  },
  {
    id: 'mount-busy',
    pattern: /umount: \S+: target is busy/,
    action: explain(
      'step.check-failed',
      'a program still uses what is mounted',
      'Find it with `fuser -vm`, and stop it by a step of its own.',
    ),
  },
  {
    id: 'links-in-a-circle',
    pattern: /Too many levels of symbolic links/,
    action: explain('step.check-failed', 'symbolic links lead in a circle', 'See `namei -l` with the path.'),
  },
];
