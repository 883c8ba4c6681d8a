import { DeckhandError } from '../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../core/raw-path.ts';
import type { Capabilities } from './host/capabilities.ts';
import { listRemote } from './host/list-remote.ts';
import { absolutePath, hostPath } from './host/list-script.ts';
import { type Place, placeOf, stagesOf } from './move/job.ts';
import type { TransferRequest } from './transfer-request.ts';
import { EMPTY_TREE, join, nameOf, type Tree } from './tree/entry.ts';
import { excludeBy } from './tree/filter.ts';
import { listTree } from './thread/list-files.ts';
import { statOrNull } from './tree/local-tree.ts';

/** Bytes that Linux takes as a path. */
const LONGEST_PATH = 4095;

/** Both sides as they are, and where on them things go. */
export interface BothTrees {
  readonly local: { readonly tree: Tree; readonly place: Place };
  readonly remote: { readonly tree: Tree; readonly place: Place };
  readonly capabilities: Capabilities;
}

/** Lists both sides. A place that could not be looked into fails it: nothing may count as missing there. */
export async function listBoth(request: TransferRequest): Promise<BothTrees> {
  const { direction, intoFolder } = request;
  let local = trimmed(request.local);
  const remote = hostPath(request.remote);
  if (direction === 'push' && isFile(local)) return await listForFile(request, local, remote);
  if (direction === 'pull' && intoFolder) {
    const first = await listHost(request, remote, request.recursive ? 'all' : 0);
    const root = first.tree.entries.get('');
    if (root?.type === 'directory' && !request.recursive)
      throw new DeckhandError(
        'transfer.is-a-directory',
        `${showRaw(remote)} on ${request.connection.host.name} is a folder.`,
      );
    if (root !== undefined && root.type !== 'directory' && isFolder(local))
      local = join(local, nameOf(first.root));
    return { ...first.side, local: await listHere(request, local), capabilities: first.capabilities };
  }
  const [host, here] = await Promise.all([listHost(request, remote, 'all'), listHere(request, local)]);
  return { ...host.side, local: here, capabilities: host.capabilities };
}

/** One file goes to the host: of a folder there, only what it is matters. */
async function listForFile(request: TransferRequest, local: RawPath, remote: RawPath): Promise<BothTrees> {
  const here = await listHere(request, local);
  let host = await listHost(request, remote, 0);
  if (request.intoFolder && host.tree.entries.get('')?.type === 'directory')
    host = await listHost(request, join(host.root, nameOf(local)), 0);
  return { ...host.side, local: here, capabilities: host.capabilities };
}

async function listHost(
  request: TransferRequest,
  remote: RawPath,
  depth: 0 | 'all',
): Promise<{ tree: Tree; root: RawPath; side: Pick<BothTrees, 'remote'>; capabilities: Capabilities }> {
  const { connection, direction, signal, id, links } = request;
  const { beside } = stagesOf(remote, id);
  const found = await listRemote(connection, {
    root: remote,
    ...(direction === 'pull' ? {} : { instead: join(beside, 'tree') }),
    follow: links === 'follow',
    excluded: excludeBy(request.exclude),
    depth,
    signal,
  });
  const root = absolutePath(remote, found.home);
  const { tree } = found;
  checkWhole(tree, connection.host.name);
  const there = found.isInstead ? undefined : tree.entries.get('');
  const place = placeOf(root, id, there);
  checkLength(place, connection.host.name);
  return { tree, root, side: { remote: { tree, place } }, capabilities: found.capabilities };
}

async function listHere(request: TransferRequest, local: RawPath): Promise<BothTrees['local']> {
  const { direction, id, links, signal } = request;
  const { exclude } = request;
  const tree = await listTree({ root: local, exclude, links }, signal);
  checkWhole(tree, 'this machine');
  const place = placeOf(local, id, tree.entries.get(''));
  checkLength(place, 'this machine');
  if (!place.isNew || direction === 'push') return { tree, place };
  // built by an earlier claim, and not finished
  const { base } = place;
  return {
    tree: isFolder(base) ? await listTree({ root: base, exclude, links }, signal) : EMPTY_TREE,
    place,
  };
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

function trimmed(path: RawPath): RawPath {
  return path.length > 1 ? path.replace(/\/+$/, '') || '/' : path;
}
function isFile(path: RawPath): boolean {
  return statOrNull(path, true)?.isFile() === true;
}
function isFolder(path: RawPath): boolean {
  return statOrNull(path, true)?.isDirectory() === true;
}
