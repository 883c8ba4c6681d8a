import { everyCommand } from '../shell/every-command.ts';
import type { ShellAssignment, ShellFunction, ShellScript } from '../shell/shell-tree.ts';
import { staticText } from '../shell/word-meaning.ts';
import type { Argument, Scope } from './call.ts';
import { ANY } from './paths/shape.ts';
import type { Ledger } from './ledger.ts';

/** Names that say which program runs, or what runs before or inside it. */
const DANGEROUS =
  /^(PATH|LD_.*|DYLD_.*|IFS|ENV|BASH_ENV|BASHOPTS|SHELLOPTS|PS4|PROMPT_COMMAND|BASH_FUNC.*|.*PAGER|.*EDITOR|VISUAL|BROWSER|LESS.*|MANOPT|GIT_(?!(AUTHOR|COMMITTER)_|TERMINAL_PROMPT$|DIR$|WORK_TREE$).*|SSH_ASKPASS|SSH_AUTH_SOCK|SUDO_ASKPASS|PYTHON.*|PERL.*|RUBY.*|NODE_.*|npm_.*|JAVA_.*|_JAVA.*|GCONV_PATH|LOCPATH|NLSPATH|TERMINFO.*|TERMCAP|RSYNC_RSH|TAR_OPTIONS|GREP_OPTIONS|OPENSSL_.*|KUBECONFIG|DOCKER_.*|SYSTEMD_.*|HOME|SHELL|TMPDIR|CDPATH|GLOBIGNORE|POSIXLY_CORRECT|CURL_HOME|WGETRC|APT_CONFIG|DPKG_.*|https?_proxy|HTTPS?_PROXY|ALL_PROXY|all_proxy|PROXY|CC|LD|MAKEFLAGS|GLIBC_TUNABLES|HOSTALIASES|RES_OPTIONS|LOCALDOMAIN|FPATH|ZDOTDIR|INPUTRC|PSQLRC|MYSQL_.*|SQLITE_.*|EXINIT|VIMINIT|VIM|TZDIR|MALLOC_.*|XDG_.*)$/;

export function isDangerousName(name: string): boolean {
  return DANGEROUS.test(name);
}

/** One `NAME=value`; alone on its line it holds for what follows. */
export function judgeAssignment(
  assignment: ShellAssignment,
  value: Argument,
  alone: boolean,
  scope: Scope,
  ledger: Ledger,
): void {
  const { name, text } = assignment;
  if (isDangerousName(name)) ledger.note('unknown', `${name} changes what other commands run`, text);
  const follow = alone && value.text !== null && !scope.unsteady.has(name) && assignment.index === null;
  if (follow) scope.values.set(name, value.text ?? '');
  else if (alone && isOneWord(value) && !scope.unsteady.has(name) && assignment.index === null)
    scope.values.set(name, value.shape);
  else scope.values.delete(name);
}

/** As far as it is known it stays one word, such as a date. */
function isOneWord({ shape, loose, word }: Argument): boolean {
  return (
    !loose &&
    !shape.includes(ANY) &&
    !shape.startsWith('/~') &&
    word?.pieces.every(({ kind }) => kind !== 'glob') === true
  );
}

const SETTERS = new Set([
  'read',
  'readonly',
  'export',
  'declare',
  'typeset',
  'local',
  'unset',
  'printf',
  'getopts',
  'mapfile',
  'readarray',
  'let',
  'eval',
  'source',
  '.',
  'set',
  'shift',
  'trap',
]);

/**
 * Names whose value cannot be followed: set more than once, or somewhere that may not be reached, or by a builtin.
 * Only what stands alone at the top of a script is followed.
 */
export function unsteadyNames(script: ShellScript): ReadonlySet<string> {
  const top = new Set(script.body.items.filter(({ steady }) => steady).map(({ node }) => node));
  const times = new Map<string, number>();
  for (const command of everyCommand(script)) {
    for (const { name } of command.assignments) {
      const weight = command.words.length === 0 && top.has(command) ? 1 : 2;
      times.set(name, (times.get(name) ?? 0) + weight);
    }
    const [first, ...rest] = command.words.map(staticText);
    if (first === undefined || (first !== null && !SETTERS.has(first))) continue;
    for (const word of rest) times.set((word ?? '').replace(/=.*/s, ''), 2);
  }
  return new Set([...times].filter(([, count]) => count > 1).map(([name]) => name));
}

/** Functions that stand at the top of a script, where nothing decides whether they are reached, and are never taken back. */
export function steadyFunctions(script: ShellScript): readonly ShellFunction[] {
  const defined = script.body.items.flatMap(({ node, steady, background }) =>
    node.kind === 'function' && steady && !background ? [node] : [],
  );
  if (defined.length === 0) return [];
  const unset = everyCommand(script).flatMap(({ words }) => {
    const [first, ...rest] = words.map(staticText);
    return first === 'unset' ? rest : [];
  });
  return unset.includes(null) ? [] : defined.filter(({ name }) => !unset.includes(name));
}
