import { APT } from './apt.ts';
import { explain, type FailureSignature, repair, runOtherwise } from './signature.ts';

/** Programs whose package is known, each without a service; the name of the package is a constant here. */
const PACKAGES: Readonly<Record<string, string>> = {
  xz: 'xz-utils',
  zstd: 'zstd',
  bzip2: 'bzip2',
  unzip: 'unzip',
  jq: 'jq',
  rsync: 'rsync',
  curl: 'curl',
  wget: 'wget',
  git: 'git',
};

const missingPrograms = Object.entries(PACKAGES).map(
  ([program, name]): FailureSignature => ({
    id: `program-missing-${program}`,
    pattern: new RegExp(
      String.raw`(?:^|[: ])${program}: (?:command )?not found|\(child\): ${program}: Cannot exec: No such file`,
      'm',
    ),
    action: repair(
      `${program} is not installed: install it, removing nothing`,
      `${APT} -o DPkg::Lock::Timeout=120 --no-remove --no-install-recommends install ${name}`,
      { timeout: 300_000 },
    ),
  }),
);

const MORE_FILES = `for n in 262144 65536 16384 4096; do
  if (ulimit -S -n "$n") 2>/dev/null; then ulimit -S -n "$n"; break; fi
done`;

export const shellSignatures: readonly FailureSignature[] = [
  ...missingPrograms,
  {
    id: 'bash-needed',
    pattern:
      /^\S+: \d+: (?:eval: )?(?:Bad substitution|Syntax error: "(?:\(|\}|redirection)"? unexpected|Syntax error: redirection unexpected|(?:source|declare|shopt|mapfile|\[\[): not found)|Illegal option -o pipefail/m,
    action: runOtherwise('the script is written for bash: let bash run it', { shell: 'bash' }),
  },
  {
    id: 'terminal-unnamed',
    pattern: /TERM environment variable not set|No value for \$TERM and no -T specified/,
    action: runOtherwise('the program wants to know its terminal: name a plain one', {
      prefix: 'export TERM=dumb',
    }),
  },
  {
    id: 'open-files',
    pattern: /Too many open files/,
    action: runOtherwise('the program may not open as many files: let it, as far as the host allows', {
      prefix: MORE_FILES,
    }),
  },
  {
    id: 'library-unknown',
    pattern: /error while loading shared libraries: \S+: cannot open shared object file/,
    action: repair('a library is not in the list of libraries: read their folders again', 'ldconfig'),
  },
  {
    id: 'library-too-old',
    pattern: /version [`'‘]GLIBC(?:XX)?_[\d.]+['’] not found/,
    action: explain(
      'host.unsupported',
      'the program was made for a newer system than this host has',
      'Take one that was made for this release.',
    ),
  },
  {
    id: 'other-processor',
    pattern: /Exec format error/,
    action: explain(
      'host.unsupported',
      'the program was made for another processor',
      'Compare `file` of the program with `uname -m`.',
    ),
  },
  {
    id: 'sudo-password',
    pattern: /sudo: (?:a password is required|a terminal is required to read the password)/,
    action: explain(
      'privilege.needed',
      'sudo asks for a password there',
      'Give the step `privilege: root`, and pass --ask-sudo-password.',
    ),
  },
  {
    id: 'sudo-not-allowed',
    pattern: /is not in the sudoers file|is not allowed to execute/,
    action: explain(
      'privilege.password-refused',
      'the account may not use sudo',
      'Use another account, or let an administrator add a rule.',
    ),
  },
  {
    id: 'too-many-words',
    pattern: /Argument list too long/,
    action: explain(
      'step.check-failed',
      'the command has more words than a program takes',
      'Use find with -exec … +, or xargs -0.',
    ),
  },
  {
    id: 'no-more-processes',
    pattern: /fork: (?:retry: )?Resource temporarily unavailable|[Cc]annot fork/,
    action: explain(
      'host.unsupported',
      'the host allows no more processes',
      'See what runs there, and TasksMax= or `ulimit -u`.',
    ),
  },
  {
    id: 'memory-full',
    pattern: /MemoryError|Cannot allocate memory|Out of memory/,
    action: explain(
      'host.unsupported',
      'the host has no memory left for it',
      'See `free -m`; a smaller job, or the add-swap runbook.',
    ),
  },
  {
    id: 'program-missing',
    pattern: /(?:: |^)[\w./+-]+: (?:command )?not found$|cannot execute: required file not found/m,
    action: explain(
      'step.check-failed',
      'a program that the step runs is not there, or its interpreter is not',
      'Install its package by a `package` state before it.',
    ),
  },
];
