import { quote } from '../../shell/quote.ts';
import { explain, type FailureSignature, repair, runOtherwise } from './signature.ts';
import { waitUntil } from './wait-until.ts';

const IDENTITY = [
  'export GIT_AUTHOR_NAME=deckhand GIT_AUTHOR_EMAIL=deckhand@localhost',
  'export GIT_COMMITTER_NAME=deckhand GIT_COMMITTER_EMAIL=deckhand@localhost',
].join('\n');

export const gitSignatures: readonly FailureSignature[] = [
  {
    id: 'git-identity',
    pattern: /Please tell me who you are|unable to auto-detect email address|empty ident name/,
    action: runOtherwise('git does not know who commits: name Deckhand, for this once', { prefix: IDENTITY }),
  },
  {
    id: 'git-owner',
    pattern: /detected dubious ownership in repository at ['‘’"](?<subject>[^'‘’"]+)['‘’"]/,
    action: repair(
      'the repository belongs to another account: trust this one path from now on',
      {
        takes: 'repository',
        script: path => `git config --global --add safe.directory ${quote(path)}`,
      },
      { leave: 'whoever owns the repository could make git run their programs', needsRoot: false },
    ),
  },
  {
    id: 'git-locked',
    pattern: /Unable to create ['‘’"](?<subject>\/[^'‘’"]+)\/\.git\/index\.lock['‘’"]: File exists/,
    action: repair(
      'another git works in the repository: wait for it, never break its lock',
      {
        takes: 'repository',
        script: path => waitUntil(`[ ! -e ${quote(`${path}/.git/index.lock`)} ]`, 30),
      },
      { needsRoot: false },
    ),
  },
  {
    id: 'git-names-stale',
    pattern:
      /some local refs could not be updated; try running\s+['‘’"]git remote prune (?:origin|\S+)['‘’"]/,
    action: repair(
      'remembered branches of the remote are in the way: forget those that it no longer has',
      { takes: 'repository', script: path => `git -C ${quote(path)} remote prune origin` },
      { needsRoot: false },
    ),
  },
  {
    id: 'git-local-changes',
    pattern: /Your local changes to the following files would be overwritten/,
    action: repair(
      'files were changed by hand: put those changes aside (git stash)',
      { takes: 'repository', script: path => `git -C ${quote(path)} stash push -m deckhand` },
      { leave: 'changes that somebody made by hand are put aside', needsRoot: false },
    ),
  },
  {
    id: 'git-diverged',
    pattern: /Not possible to fast-forward/,
    action: explain(
      'step.check-failed',
      'both sides have commits of their own',
      'Decide by hand: merge, rebase or reset.',
    ),
  },
  {
    id: 'git-no-repository',
    pattern: /fatal: not a git repository/,
    action: explain('step.check-failed', 'there is no repository in that folder', 'Check the path.'),
  },
];
