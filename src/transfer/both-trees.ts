import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { Capabilities } from './host/capabilities.ts';
import { listRemoteUnless } from './host/list-remote.ts';
import { absolutePath, hostPath } from './host/list-script.ts';
import { type Place, placeOf, stagesOf } from './move/job.ts';
import type { TransferRequest } from './transfer-request.ts';
import { EMPTY_TREE, type Entry, join, nameOf, type Tree } from './tree/entry.ts';
import { excludeBy } from './tree/filter.ts';
import { listTree, type TreeMark } from './thread/list-files.ts';
import { statOrNull } from './tree/local-tree.ts';

/** Bytes that Linux takes as a path. */
const LONGEST_PATH = 4095;

/** Both sides as they are, and where on them things go. */
export interface BothTrees {
  readonly local: { readonly tree: Tree; readonly place: Place };
  readonly remote: { readonly tree: Tree; readonly place: Place };
  readonly capabilities: Capabilities;
  readonly marks: BothMarks;
}

/** What both sides looked like, to the byte; null where that does not say all. */
export interface BothMarks {
  readonly local: TreeMark | null;
  /** Digest of all that the host said. */
  readonly remote: string | null;
}

/** Digests that both sides may still have. */
interface KnownSides {
  readonly local: string;
  readonly remote: string;
}

/** Learns what is known while the rest is listed, where a folder goes to a host and nothing is known of both before. */
export interface ListWatch {
  onHost(found: Pick<BothTrees, 'remote' | 'capabilities'>): void;
  /** Of this machine, parents first. */
  onHere(entries: readonly Entry[]): void;
}

interface HostListing {
  readonly tree: Tree;
  readonly root: RawPath;
  readonly side: Pick<BothTrees, 'remote' | 'capabilities'>;
  readonly digest: string;
}
interface HereListing {
  readonly root: RawPath;
  readonly side: BothTrees['local'];
  readonly mark: TreeMark | null;
}

/** As `listBoth`; null: both sides are to the byte what is known, and were not even read. */
export async function listBothUnless(request: TransferRequest, known: KnownSides): Promise<BothTrees | null> {
  const local = trimmed(request.local);
  if (!isFolder(local)) return await listBoth(request);
  const [host, here] = await Promise.all([
    listHostUnless(request, hostPath(request.remote), 'all', known.remote),
    listHereUnless(request, local, known.local),
  ]);
  // where one side is another now, of the other one everything has to be known after all
  return host === null && here === null ? null : await listBoth(request, { host, here });
}

/** Lists both sides. A place that could not be looked into fails it: nothing may count as missing there. */
export async function listBoth(
  request: TransferRequest,
  listed: { readonly host: HostListing | null; readonly here: HereListing | null } = {
    host: null,
    here: null,
  },
  watch?: ListWatch,
): Promise<BothTrees> {
  const { direction, intoFolder } = request;
  let local = trimmed(request.local);
  const remote = hostPath(request.remote);
  if (direction === 'push' && isFile(local)) return await listForFile(request, local, remote);
  if (direction === 'pull' && intoFolder) {
    const host = listed.host ?? (await listHost(request, remote, request.recursive ? 'all' : 0));
    const root = host.tree.entries.get('');
    if (root?.type === 'directory' && !request.recursive)
      throw new DeckhandError(
        'transfer.is-a-directory',
        `${showRaw(remote)} on ${request.connection.host.name} is a folder.`,
      );
    if (root !== undefined && root.type !== 'directory' && isFolder(local))
      local = join(local, nameOf(host.root));
    const isListed = listed.here?.root === local;
    return bothOf(host, isListed && listed.here ? listed.here : await listHere(request, local));
  }
  const [host, here] = await Promise.all([
    listed.host ?? listHost(request, remote, 'all', watch),
    listed.here ?? listHere(request, local, watch),
  ]);
  return bothOf(host, here);
}

function bothOf({ side, digest }: HostListing, here: HereListing): BothTrees {
  return { ...side, local: here.side, marks: { local: here.mark, remote: digest } };
}

/** One file goes to the host: of a folder there, only what it is matters. */
async function listForFile(request: TransferRequest, local: RawPath, remote: RawPath): Promise<BothTrees> {
  const here = await listHere(request, local);
  let host = await listHost(request, remote, 0);
  if (request.intoFolder && host.tree.entries.get('')?.type === 'directory')
    host = await listHost(request, join(host.root, nameOf(local)), 0);
  return bothOf(host, here);
}

async function listHost(
  request: TransferRequest,
  remote: RawPath,
  depth: 0 | 'all',
  watch?: ListWatch,
): Promise<HostListing> {
  const host = known(await listHostUnless(request, remote, depth, null));
  watch?.onHost(host.side);
  return host;
}

async function listHostUnless(
  request: TransferRequest,
  remote: RawPath,
  depth: 0 | 'all',
  digest: string | null,
): Promise<HostListing | null> {
  const { connection, direction, signal, id, links } = request;
  const { beside } = stagesOf(remote, id);
  const listing = {
    root: remote,
    ...(direction === 'pull' ? {} : { instead: join(beside, 'tree') }),
    follow: links === 'follow',
    excluded: excludeBy(request.exclude),
    depth,
    signal,
  };
  const found = await listRemoteUnless(connection, listing, digest);
  if (found === null) return null;
  const root = absolutePath(remote, found.home);
  const { tree, capabilities } = found;
  checkWhole(tree, connection.host.name);
  const there = found.isInstead ? undefined : tree.entries.get('');
  const place = placeOf(root, id, there);
  checkLength(place, connection.host.name);
  return { tree, root, side: { remote: { tree, place }, capabilities }, digest: found.digest };
}

async function listHere(request: TransferRequest, local: RawPath, watch?: ListWatch): Promise<HereListing> {
  return known(await listHereUnless(request, local, undefined, watch));
}

async function listHereUnless(
  request: TransferRequest,
  root: RawPath,
  digest?: string,
  watch?: ListWatch,
): Promise<HereListing | null> {
  const { direction, id, links, signal, exclude } = request;
  const what = { exclude, links };
  const input = { ...what, root, ...(digest === undefined ? {} : { known: digest }) };
  const found = await listTree(input, signal, watch && (entries => watch.onHere(entries)));
  if (found === null) return null;
  checkWhole(found.tree, 'this machine');
  const place = placeOf(root, id, found.tree.entries.get(''));
  checkLength(place, 'this machine');
  if (!place.isNew || direction === 'push')
    return { root, side: { tree: found.tree, place }, mark: found.mark };
  // built by an earlier claim, and not finished
  const { base } = place;
  const built = isFolder(base) ? known(await listTree({ ...what, root: base }, signal)).tree : EMPTY_TREE;
  return { root, side: { tree: built, place }, mark: null };
}

/** Where nothing was known before, everything is listed. */
function known<Listing>(listed: Listing | null): Listing {
  if (listed === null)
    throw new DeckhandError('internal.defect', 'A listing was taken for one that is known.');
  return listed;
}

/** Some tools make folders deeper than any program can then name: nothing is begun there. */
function checkLength({ root, stage }: Place, where: string): void {
  const { length } = join(stage, 'tree');
  if (length <= LONGEST_PATH) return;
  throw new DeckhandError(
    'transfer.name-too-long',
    `${showRaw(root).slice(0, 300)}… on ${where}: a path of ${root.length} bytes, and ${length} while it is built; ${LONGEST_PATH} are allowed.`,
  );
}

function checkWhole({ problems }: Tree, where: string): void {
  const [first] = problems;
  if (first === undefined) return;
  const others = problems.length > 1 ? `, and ${problems.length - 1} other places` : '';
  throw new DeckhandError(
    'transfer.no-permission',
    `On ${where} ${showRaw(first.path) || 'the root'} cannot be looked into${others}: ${showRaw(first.text).slice(0, 300)}.`,
    { details: { where, places: problems.slice(0, 100).map(({ path }) => showRaw(path)) } },
  );
}

/** Without slashes at its end. */
export function trimmed(path: RawPath): RawPath {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}
function isFile(path: RawPath): boolean {
  return statOrNull(path, true)?.isFile() === true;
}
function isFolder(path: RawPath): boolean {
  return statOrNull(path, true)?.isDirectory() === true;
}
