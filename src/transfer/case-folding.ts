import type { RawPath } from '../core/raw-path.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { BothTrees } from './both-trees.ts';
import type { Side } from './decide/action.ts';
import { caseTwins, type FoldingSides, isCaseTwin, NONE_FOLDS } from './decide/case-clashes.ts';
import { runAt } from './host/run-at.ts';
import { quoteRaw } from './host/run-script.ts';
import { join, nameOf, parentOf, type Tree } from './tree/entry.ts';

export interface FoldingQuestion {
  readonly connection: SshConnection;
  readonly signal: AbortSignal;
  readonly trees: BothTrees;
  /** Those that get something. */
  readonly sides: readonly Side[];
  /** Nothing may be written, not even to find out. */
  readonly dryRun: boolean;
}

/** Folders that are looked at: where clashes are many, they are of one file system. */
const MOST_FOLDERS = 20;

/**
 * Which sides take `A` and `a` for one name. Asked only where names differ in nothing else, which is rare: a file
 * system is looked at where they would be, for any system may have one of the other kind mounted.
 */
export async function foldingSides(question: FoldingQuestion): Promise<FoldingSides> {
  const { trees, sides } = question;
  const twins = caseTwins([trees.local.tree, trees.remote.tree]).flat();
  if (twins.length === 0) return NONE_FOLDS;
  const folds = { ...NONE_FOLDS };
  for (const side of sides) folds[side] = await isFolding(question, side, twins);
  return folds;
}

async function isFolding(
  { connection, signal, trees, dryRun }: FoldingQuestion,
  side: Side,
  twins: readonly RawPath[],
): Promise<boolean> {
  const { tree, place } = trees[side];
  const folders = [...new Set(twins.map(path => join(place.root, folderIn(tree, path))))];
  const system = side === 'local' ? process.platform : trees.capabilities.system;
  return await placeFolds({ connection, signal, side, folders, trial: dryRun ? null : place.stage, system });
}

export interface FoldingPlace {
  readonly connection: SshConnection;
  readonly signal: AbortSignal;
  readonly side: Side;
  /** Looked at in turn, or what is above them. */
  readonly folders: readonly RawPath[];
  /** A folder that may be made for a moment, to see; null: nothing may be written. */
  readonly trial: RawPath | null;
  /** As `uname -s` or the runtime calls it: what counts where nothing can be seen. */
  readonly system: string;
}

/** Whether `A` and `a` are one name there. */
export async function placeFolds(place: FoldingPlace): Promise<boolean> {
  const { side, folders, trial, system } = place;
  const script = [
    FUNCTIONS,
    ...folders.slice(0, MOST_FOLDERS).map(folder => `look ${quoteRaw(folder)}`),
    trial === null ? '' : `try ${quoteRaw(parentOf(trial) || '/')} ${quoteRaw(nameOf(trial))}`,
    'exit 0',
  ].join('\n');
  const { text } = await runAt(side, place, script);
  const [first] = text.split('\n');
  if (first === 'folds') return true;
  if (first === 'keeps') return false;
  return systemFolds(system);
}

export interface NameQuestion {
  readonly connection: SshConnection;
  readonly signal: AbortSignal;
  readonly side: Side;
  /** Something is there under this name. */
  readonly path: RawPath;
}

/**
 * Under which other name something is there that was asked for under this one: a file system that takes `A` and `a` for
 * one gives `a` to whoever asks for `A`. Null: it has the name that was asked for.
 */
export async function otherNameOf({ side, path, ...host }: NameQuestion): Promise<RawPath | null> {
  const script = `${FUNCTIONS} names ${quoteRaw(parentOf(path) || '/')} ${quoteRaw(nameOf(path))}`;
  const { text } = await runAt(side, host, script);
  const names = text.split('\0').filter(name => name !== '');
  return names.map(nameOf).find(name => isCaseTwin(name, nameOf(path))) ?? null;
}

/** The nearest folder of the tree above a path; `` where there is none. */
function folderIn({ entries }: Tree, path: RawPath): RawPath {
  let at = parentOf(path);
  while (at !== '' && entries.get(at)?.type !== 'directory') at = parentOf(at);
  return at;
}

function systemFolds(system: string): boolean {
  return ['darwin', 'win32'].includes(system.toLowerCase());
}

/**
 * `look`: any name in the folder, or in the nearest one above that is there, with its letters the other way round: it is
 * there too, but in no listing. Not by numbers of inodes: some file systems give each spelling one of its own.
 * `try`: makes a folder to see, and removes it. Both end the script once they know.
 * `names`: all that is in the folder, where a name with its letters the other way round is there and the name itself in no
 * listing.
 */
const FUNCTIONS = String.raw`
n='
'
above() { d=$1; while ! [ -d "$d/" ]; do d=$(dirname "$d/"); done; }
turned() { printf %s "$1" | tr 'a-zA-Z' 'A-Za-z'; }
know() { echo "$1"; exit 0; }
look() {
  above "$1"
  for e in "$d"/*; do
    b=$(basename "$e")
    case $b in *"$n"*) continue;; *[a-zA-Z]*) [ -e "$e" ] || continue;; *) continue;; esac
    o=$d/$(turned "$b")
    [ -e "$o" ] || know keeps
    for f in "$d"/*; do [ "$f" != "$o" ] || know keeps; done
    know folds
  done
}
try() {
  above "$1"
  mkdir "$d/$2" 2>/dev/null; m=$?
  w=nothing; [ ! -d "$d/$2" ] || { w=keeps; [ ! -d "$d/$(turned "$2")" ] || w=folds; }
  [ $m != 0 ] || rmdir "$d/$2"
  know $w
}
names() {
  [ -e "$1/$(turned "$2")" ] || exit 0
  for f in "$1"/* "$1"/.*; do [ "$f" != "$1/$2" ] || exit 0; done
  printf '%s\0' "$1"/* "$1"/.*
  exit 0
}
`;
