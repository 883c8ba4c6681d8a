import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../../core/raw-path.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { type Entry, type Problem, type Tree } from '../tree/entry.ts';
import type { Excluded } from '../tree/filter.ts';
import { TreeBuilder } from '../tree/tree-builder.ts';
import { type Capabilities, knownCapabilities, PROBE_FIELDS, rememberCapabilities } from './capabilities.ts';
import { KnownListing } from './known-listing.ts';
import { ListParser } from './list-parser.ts';
import { listScript } from './list-script.ts';
import { runScript } from './run-script.ts';
import { scriptError } from './script-error.ts';

export interface RemoteListing {
  /** As in `hostPath`. */
  readonly root: RawPath;
  /** Listed where nothing is at the root. */
  readonly instead?: RawPath;
  readonly follow: boolean;
  readonly excluded: Excluded;
  /** Names of owners as well; default: only their numbers, where that is quicker. */
  readonly owners?: boolean;
  /** Default: everything. */
  readonly depth?: 0 | 1 | 'all';
  /** Entries at most; default a million. */
  readonly limit?: number;
  readonly signal: AbortSignal;
}

export interface RemoteTree {
  readonly tree: Tree;
  readonly capabilities: Capabilities;
  /** What was listed is the place given as `instead`. */
  readonly isInstead: boolean;
  /** Where relative paths begin on the host. */
  readonly home: RawPath;
  /** Of all that the host said: the same text is the same tree. */
  readonly digest: string;
}

/** Everything under a root on the host, in one round trip. A listing that does not come to its end is an error. */
export async function listRemote(connection: SshConnection, listing: RemoteListing): Promise<RemoteTree> {
  const found = await listRemoteUnless(connection, listing, null);
  if (found === null)
    throw new DeckhandError('internal.defect', 'A listing was taken for one that is known.');
  return found;
}

/** The same; null: what the host says has the digest that is known, and was not even read. */
export async function listRemoteUnless(
  connection: SshConnection,
  listing: RemoteListing,
  known: string | null,
): Promise<RemoteTree | null> {
  const { root, excluded, limit } = listing;
  const place = connection.host.name;
  const builder = new TreeBuilder({ excluded, place, ...(limit === undefined ? {} : { limit }) });
  const onEntry = (entry: Entry): void => builder.add(entry);
  const found = await readListing(connection, { ...listing, known }, onEntry);
  if (found === null) return null;
  const { which, home, capabilities, errors, digest } = found;
  for (const problem of problemsOf(errors, which === 'instead' ? (listing.instead ?? root) : root))
    builder.problem(problem);
  return { tree: builder.tree(), capabilities, isInstead: which === 'instead', home, digest };
}

export type RawListing = Omit<RemoteListing, 'excluded' | 'limit'> & {
  /** See `listRemoteUnless`. */
  readonly known?: string | null;
};

interface ReadListing {
  readonly which: ListParser['which'];
  readonly home: RawPath;
  readonly capabilities: Capabilities;
  readonly errors: string;
  readonly digest: string;
}

/**
 * The entries as they come; null and none of them when what is said has the known digest. Throws what `onEntry`
 * throws, after ending the listing on the host.
 */
export async function readListing(
  connection: SshConnection,
  { root, instead, depth = 'all', owners = false, follow, signal, known = null }: RawListing,
  onEntry: (entry: Entry) => void,
): Promise<ReadListing | null> {
  const { name } = connection.host;
  let capabilities = knownCapabilities(connection);
  const onCapabilities = (found: Capabilities): void => {
    capabilities = found;
    if (found.list === 'none')
      throw new DeckhandError(
        'host.unsupported',
        `${name} has neither a find that prints what it finds nor a stat that is known.`,
      );
    rememberCapabilities(connection, found);
  };
  const parser = new ListParser({ onCapabilities, onEntry }, { root, instead }, capabilities?.list);
  const request = {
    root,
    depth,
    owners,
    follow,
    list: capabilities?.list,
    ...(instead === undefined ? {} : { instead }),
  };
  const listing = new KnownListing(bytes => parser.add(bytes), {
    known,
    fieldsBefore: capabilities === undefined ? PROBE_FIELDS : 0,
  });
  const { exitCode, errors } = await runScript(connection, listScript(request), {
    signal,
    onOutput: bytes => listing.add(bytes),
  });
  const digest = listing.end(exitCode === 0 ? JSON.stringify(capabilities) : '');
  if (digest === known) return null;
  const notWhole = parser.exitCode === undefined && exitCode === 0;
  if (!notWhole && (parser.exitCode === undefined || capabilities === undefined))
    throw scriptError(name, `listing ${showRaw(root)}`, errors, exitCode);
  if (capabilities === undefined || notWhole || (parser.exitCode !== 0 && errors.trim() === ''))
    throw new DeckhandError('transfer.protocol', `${name}: the listing of ${showRaw(root)} is not whole.`);
  return {
    which: parser.which,
    home: parser.folder ?? '/',
    capabilities,
    errors: parser.exitCode === 0 ? '' : errors,
    digest,
  };
}

/** The places that `find` could not look into; what vanished meanwhile, and links in a circle, are none. */
function problemsOf(errors: string, root: RawPath): Problem[] {
  const front = root.endsWith('/') ? root : `${root}/`;
  const problems: Problem[] = [];
  for (const line of errors.split('\n')) {
    if (line.trim() === '' || /No such file|file system loop|Too many levels|Too many symbolic/i.test(line))
      continue;
    const quoted = /^\S+: ['`‘]?(.*?)['’]?: /.exec(line)?.[1] ?? '';
    problems.push({ path: quoted.startsWith(front) ? quoted.slice(front.length) : '', text: line });
  }
  return problems;
}
