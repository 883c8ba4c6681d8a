import { type Argument, type Call, DATA, type Handler, note } from '../call.ts';
import { grammarOf } from '../option-grammar.ts';
import { readsPath, writesPath } from '../paths/touch.ts';
import { applyOptions, mixed } from './table-reader.ts';

const GLOBAL = grammarOf(
  '-C= -P -p!u -c=!u --no-pager --git-dir=!u --work-tree=!u --bare --no-optional-locks --exec-path=!u --paginate!u --literal-pathspecs',
);

const LOOKING =
  '-#abcdefghilmnopqrstuvwzMLS= -G= -U= -D -j -W -s --oneline --graph --decorate?= --all --stat?= --shortstat --numstat --name-only --name-status --pretty?= --format= --abbrev-commit --no-color --color?= --since= --until= --after= --before= --author= --grep= --max-count= --follow --reverse --first-parent --merges --no-merges --cached --staged --short --branch --porcelain?= --untracked-files?= --ignored --show-current --list --contains= --merged?= --no-merged?= --sort= --remotes --verbose --verify --abbrev-ref --show-toplevel --git-dir --is-inside-work-tree --short?= --tags --heads --long --dirty --always --exact-match --abbrev= --patch --no-patch --raw --summary --date= --count --left-right --cherry-pick --ignore-case --no-ext-diff --no-textconv --exit-code --quiet --word-diff?= --unified= --get --get-all --get-regexp --show-origin --system --global --local --null --points-at= --no-index --others --modified --deleted --exclude-standard --stage --error-unmatch --show-superproject-working-tree --absolute-git-dir';
const CHANGING =
  '-abcfhmnpqstuvAeFkSiN -b= -B= -c= -m= -F= -t= -o= -u --all --message= --amend --no-edit --ff-only --no-ff --rebase --autostash --prune --tags --depth= --branch= --single-branch --recursive --recurse-submodules?= --init --update --quiet --verbose --track --no-track --set-upstream --set-upstream-to= --create= --signoff --annotate --dry-run --no-tags --progress --shallow-since= --bare --mirror --squash --no-commit --abort --continue --skip --include-untracked --keep-index --detach --orphan= --patch --intent-to-add --no-rebase --unshallow --jobs= --origin= --filter= --sparse --no-checkout --staged --force!d --force-with-lease!d --delete!d --hard!d --mixed --soft --keep';

const READS = new Set([
  'log',
  'status',
  'diff',
  'show',
  'rev-parse',
  'describe',
  'ls-files',
  'ls-tree',
  'ls-remote',
  'blame',
  'shortlog',
  'rev-list',
  'cat-file',
  'name-rev',
  'merge-base',
  'for-each-ref',
  'version',
  'show-ref',
  'symbolic-ref',
  'diff-tree',
  'diff-index',
  'whatchanged',
  'count-objects',
  'cherry',
  'reflog',
  'grep',
  'help',
  'var',
  'check-ignore',
  'fsck',
]);
const CHANGES = new Set([
  'pull',
  'fetch',
  'clone',
  'add',
  'commit',
  'merge',
  'init',
  'mv',
  'tag',
  'branch',
  'checkout',
  'switch',
  'stash',
  'cherry-pick',
  'revert',
  'rebase',
  'remote',
  'push',
  'submodule',
  'worktree',
  'apply',
  'am',
  'reset',
  'restore',
  'gc',
  'config',
  'lfs',
]);
const LOOKING_GRAMMAR = grammarOf(LOOKING);
const CHANGING_GRAMMAR = grammarOf(CHANGING);

const git: Handler = call => {
  const { operands } = applyOptions(call, call.args, GLOBAL, true);
  const [word, ...args] = operands;
  if (!word) return DATA;
  const name = word.text ?? '';
  if (READS.has(name)) {
    const shown = applyOptions(call, args, LOOKING_GRAMMAR).operands;
    const writes =
      (name === 'symbolic-ref' && shown.length > 1) ||
      (name === 'reflog' && /^(expire|delete)$/.test(shown[0]?.text ?? ''));
    if (writes) note(call, 'destructive', `git ${name} changes what is kept`, 'data-loss');
    // `HEAD:.env`: a file of the history
    for (const one of shown) {
      const file = /^[^:]*:(.+)$/s.exec(one.shape)?.[1];
      if (file !== undefined && name !== 'ls-remote') readsPath(call, { shape: file, source: one.source });
    }
    if (name === 'ls-remote') remoteAddress(call, shown);
    return mixed(call, false);
  }
  if (!CHANGES.has(name)) {
    note(
      call,
      name === 'clean' || name === 'filter-branch' || name === 'update-ref' ? 'destructive' : 'unknown',
      `git ${name || word.source}`,
      name === 'clean' ? 'data-loss' : undefined,
    );
    return DATA;
  }
  if (lists(name, args)) {
    applyOptions(call, args, LOOKING_GRAMMAR);
    return DATA;
  }
  judgeChange(call, name, args);
  return DATA;
};

/** `git branch -a`, `git remote -v`, `git config --get`: only looks. */
function lists(name: string, args: readonly Argument[]): boolean {
  const texts = args.map(({ text }) => text ?? '\uE000');
  const plain = texts.filter(text => !text.startsWith('-'));
  const flags = texts.filter(text => text.startsWith('-'));
  if (name === 'branch' || name === 'tag')
    return (
      (plain.length === 0 ||
        flags.some(text => /^(-l|--list|--contains|--merged|--no-merged)$/.test(text))) &&
      flags.every(text =>
        /^(-[alrvqni]+\d*|--(all|list|remotes|show-current|verbose|sort=.*|format=.*|merged|no-merged|contains|points-at=.*))$/.test(
          text,
        ),
      )
    );
  if (name === 'remote') return plain.length === 0 || /^(show|get-url)$/.test(plain[0] ?? '');
  if (name === 'stash' || name === 'worktree') return /^(list|show)$/.test(plain[0] ?? '');
  if (name === 'submodule') return plain.length === 0 || plain[0] === 'status';
  if (
    name === 'config' &&
    plain.length === 1 &&
    flags.every(text => /^--(local|global|system|null)$/.test(text))
  )
    return /^[\w.-]+$/.test(plain[0] ?? '');
  return name === 'config' && flags.some(text => /^(--get|--get-all|--get-regexp|--list|-l)$/.test(text));
}

function judgeChange(call: Call, name: string, args: readonly Argument[]): void {
  const { operands, options } = applyOptions(call, args, CHANGING_GRAMMAR);
  const has = (...names: string[]): boolean => options.some(option => names.includes(option.name));
  const texts = operands.map(({ text }) => text);
  const drops =
    (name === 'reset' && has('--hard')) ||
    name === 'restore' ||
    (name === 'checkout' && (has('-f') || args.some(({ text }) => text === '--' || text === '.'))) ||
    (name === 'push' &&
      (has('-f', '-d') || texts.some(text => text?.startsWith('+') || text?.startsWith(':')))) ||
    (name === 'stash' && /^(drop|clear)$/.test(texts[0] ?? '')) ||
    ((name === 'branch' || name === 'tag') && args.some(({ shape }) => /^-[dDfm]/i.test(shape))) ||
    (name === 'worktree' && texts[0] === 'remove');
  if (drops) note(call, 'destructive', `git ${name} drops work`, 'data-loss');
  else if (name === 'config' || (name === 'submodule' && texts[0] === 'foreach'))
    note(call, 'unknown', `git ${name} may set what git runs`);
  else note(call, 'change', `git ${name}`);
  if (name === 'clone') {
    const target = operands[1];
    if (target) writesPath(call, target, 'edit');
  }
  if (['clone', 'remote', 'fetch', 'pull', 'push'].includes(name)) remoteAddress(call, operands);
}

/** `ext::sh -c …` and an option in place of an address run programs. */
function remoteAddress(call: Call, operands: readonly Argument[]): void {
  for (const { shape, source } of operands) {
    if (/^[a-z]+::/.test(shape) || shape.startsWith('-'))
      note(call, 'unknown', 'an address that runs a program', undefined, source);
    if (/:\/\/|@/.test(shape)) call.ledger.effect('network', source);
  }
}

export const GIT: Readonly<Record<string, Handler>> = { git };
