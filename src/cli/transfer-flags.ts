import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TransferOptions } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { parseByteSize } from '../settings/byte-size.ts';
import { type CommonFlags, list, toggle, value } from './flags.ts';
import { checkDetach, type SubmissionFlags } from './submission-flags.ts';

/** What `put`, `get` and `sync` take about the files. */
export interface TransferFlags {
  readonly exclude: readonly string[];
  readonly excludeFrom: readonly string[];
  readonly noPreserve: boolean;
  readonly links: string | undefined;
  readonly checksum: boolean;
  readonly inplace: boolean;
  readonly limitRate: string | undefined;
  readonly dryRun: boolean;
  readonly diff: boolean;
  readonly xattrs: boolean;
  readonly acls: boolean;
}

export const transferFlags = {
  exclude: list(
    'Leave out what fits, as in a .gitignore; the last one that fits wins; repeatable',
    'PATTERN',
  ),
  excludeFrom: list('Read such patterns from FILE, one a line; repeatable', 'FILE'),
  noPreserve: toggle('Do not keep modes, times and (as root) owners'),
  links: value('Symbolic links: keep them, follow them, or skip them. Default keep', 'keep|follow|skip'),
  checksum: toggle('Compare contents instead of size and time'),
  inplace: toggle('Change large files that are there where they are, block by block'),
  limitRate: value('Most bytes a second on each host: 10MiB', 'SIZE'),
  dryRun: toggle('Only show what would be done; exit code 10 when there is something'),
  diff: toggle('The same, and what would change in each file'),
  xattrs: toggle('Extended attributes (user.*) too; both sides need getfattr and setfattr'),
  acls: toggle('Access control lists too; both sides need getfacl and setfacl'),
} as const;

const LONGEST_PATTERN = 1000;
const MOST_PATTERNS = 1000;

/** The flags as a request has them. Throws `input.invalid`, and `local.file-missing` for --exclude-from. */
export async function transferOptions(flags: TransferFlags, folder: string): Promise<TransferOptions> {
  const { links, limitRate } = flags;
  if (links !== undefined && links !== 'keep' && links !== 'follow' && links !== 'skip')
    throw new DeckhandError('input.invalid', `--links: '${links}' is none of keep, follow and skip.`);
  const rateLimit = limitRate === undefined ? undefined : parseByteSize(limitRate, '--limit-rate');
  const exclude = await patternsOf(flags, folder);
  return {
    ...(exclude.length === 0 ? {} : { exclude }),
    ...(flags.noPreserve ? { preserve: false } : {}),
    ...(links === undefined ? {} : { links }),
    ...(flags.checksum ? { compare: 'contents' as const } : {}),
    ...(flags.inplace ? { inplace: true } : {}),
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(flags.dryRun || flags.diff ? { dryRun: true } : {}),
    ...(flags.diff ? { diff: true } : {}),
    ...(flags.xattrs ? { xattrs: true } : {}),
    ...(flags.acls ? { acls: true } : {}),
  };
}

/** Files first: what stands on the command line wins. */
async function patternsOf(
  { exclude, excludeFrom }: Pick<TransferFlags, 'exclude' | 'excludeFrom'>,
  folder: string,
): Promise<readonly string[]> {
  const patterns: string[] = [];
  for (const name of excludeFrom) patterns.push(...(await patternFile(folder, name)));
  patterns.push(...exclude);
  if (patterns.some(pattern => pattern === '' || pattern.length > LONGEST_PATTERN))
    throw new DeckhandError(
      'input.invalid',
      `--exclude: a pattern has between 1 and ${LONGEST_PATTERN} characters.`,
    );
  if (patterns.length > MOST_PATTERNS)
    throw new DeckhandError(
      'input.invalid',
      `--exclude: ${patterns.length} patterns are more than ${MOST_PATTERNS}.`,
    );
  return patterns;
}

async function patternFile(folder: string, name: string): Promise<readonly string[]> {
  try {
    const text = await readFile(resolve(folder, name), 'utf8');
    return text.split(/\r?\n/).filter(line => line.trim() !== '' && !line.startsWith('#'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new DeckhandError('local.file-missing', `--exclude-from: '${name}' cannot be read: ${code}.`, {
      cause: error,
    });
  }
}

/** A dry run is looked at at once, and a key stands for one task. Throws `input.invalid`. */
export function checkTransferFlags(
  flags: CommonFlags & SubmissionFlags & { readonly dryRun?: boolean; readonly diff?: boolean },
  transfers: number,
): void {
  checkDetach(flags);
  if (flags.detach && (flags.dryRun || flags.diff))
    throw new DeckhandError(
      'input.invalid',
      `--detach and ${flags.diff ? '--diff' : '--dry-run'} exclude each other.`,
      {
        hint: 'Choose one of them.',
      },
    );
  if (flags.key !== undefined && transfers > 1)
    throw new DeckhandError('input.invalid', `--key stands for one task, but these are ${transfers}.`, {
      hint: 'Transfer them one by one, or as one folder.',
    });
}
