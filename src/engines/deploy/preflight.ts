import { DeckhandError } from '../../core/deckhand-error.ts';
import type { EngineListen, ServiceMode } from '../../core/model-params.ts';
import { layoutOf, LONGEST_SOCKET } from './layout.ts';
import type { ProbeFacts } from './probe.ts';
import { kindOf } from './kinds/kind-of.ts';
import { type DeployPlan, type Release, releaseFor } from './release.ts';

/** What was decided from what was seen; nothing was changed for it. */
export interface Decision {
  readonly release: Release;
  /** The old release is stopped first: there is no room for both. */
  readonly instead: boolean;
  /** Bytes that are missing on the target. */
  readonly missing: { readonly engine: number; readonly model: number };
  readonly warnings: readonly string[];
}

const DEFAULT_PORT = 9931;
const MOST_PORTS = 200;
/** Files that belong to a deployment besides those of its engine. */
const OWN_FILES = 20;
/** Bytes for keys, scripts, logs. */
const SMALL_FILES = 1024 * 1024;
/** Seconds. */
const CLOCK_TOLERANCE = 300;
const MEBIBYTE = 1024 * 1024;
/** Of the memory that is left: others of the host need some as well. */
const CACHE_SHARE = 1 / 4;
/** Bytes: the engine's own measure. */
const LARGEST_CACHE = 8192 * MEBIBYTE;
/** Mebibytes, of a release that was started before it was chosen. */
const UNTOLD_CACHE = 256;

/**
 * Everything that could make a deployment fail is looked at before anything changes. Throws
 * `host.architecture`, `host.noexec`, `host.disk-full`, `host.memory`, `engine.port-busy`,
 * `host.unsupported`, `privilege.needed`, each with the numbers.
 */
export function decide(host: string, facts: ProbeFacts, plan: DeployPlan, now: number): Decision {
  checkMachine(host, facts, plan);
  const missing = {
    engine: facts.hasEngine ? 0 : (plan.archive?.size ?? 0),
    model: facts.hasModel ? 0 : (plan.model?.size ?? 0),
  };
  checkDisk(host, facts, plan, missing);
  const service = serviceFor(host, facts, plan.params.service);
  const release = releaseFor(plan, facts.base, service, id => ({
    listen: listenFor(host, facts, plan, service, id),
    promptCache: promptCacheFor(facts, plan, id),
  }));
  const isSame = facts.current === release.id && facts.isRunning;
  const instead = !isSame && checkMemory(host, facts, plan, release);
  const warnings = [
    ...warningsOf(host, facts, service, now),
    ...kindOf(plan.params.engine).warnings(host, plan.params),
  ];
  return { release, instead, missing, warnings };
}

function checkMachine(host: string, facts: ProbeFacts, { archive, params }: DeployPlan): void {
  const architecture = archive?.architecture ?? facts.architecture;
  if (facts.system !== 'Linux' || facts.architecture !== architecture)
    throw new DeckhandError(
      'host.architecture',
      `${host} is ${facts.system} on ${facts.architecture}; the engine bundle is for Linux on ${architecture}.`,
    );
  if (kindOf(params.engine).needsAccount && facts.uid === 0)
    throw new DeckhandError(
      'host.unsupported',
      `${host}: ${params.engine} writes to its own folder, and would have to run as root.`,
      { hint: 'Deploy it as an account that is not root.' },
    );
  const needed = ['tar', 'gzip', 'sha256sum', 'awk', 'dd'].filter(tool => !facts.tools.includes(tool));
  if (needed.length > 0) throw new DeckhandError('host.unsupported', `${host} has no ${needed.join(', ')}.`);
  if (!facts.isWritable)
    throw new DeckhandError(
      'transfer.no-permission',
      `${host}: ${facts.user} may not write to ${facts.base}.`,
    );
  if (facts.isNoexec)
    throw new DeckhandError('host.noexec', `${host}: ${facts.base} is on a file system mounted noexec.`);
}

/** The archive and what is in it are there at once; a tenth on top stays free. */
function checkDisk(
  host: string,
  facts: ProbeFacts,
  { archive }: DeployPlan,
  missing: Decision['missing'],
): void {
  const engine = missing.engine === 0 || archive === null ? 0 : missing.engine + archive.bytes;
  const need = Math.ceil((engine + missing.model) * 1.1) + SMALL_FILES;
  if (need > facts.diskFree)
    throw new DeckhandError(
      'host.disk-full',
      `${host}: ${facts.base} has ${mebibytes(facts.diskFree)} free; ${mebibytes(need)} are needed (engine ${mebibytes(engine)}, model ${mebibytes(missing.model)}).`,
      { details: { host, free: facts.diskFree, need } },
    );
  const inodes = (archive?.files ?? 0) + OWN_FILES;
  if (engine > 0 && facts.inodesFree !== null && facts.inodesFree < inodes)
    throw new DeckhandError(
      'host.disk-full',
      `${host}: the file system of ${facts.base} has room for ${facts.inodesFree} more files; ${inodes} are needed.`,
    );
}

/** True: it fits only when the old release is stopped first. */
function checkMemory(
  host: string,
  facts: ProbeFacts,
  { estimate, context }: DeployPlan,
  release: Release,
): boolean {
  const free = freeMemory(facts);
  const own = release.listen;
  const needsPortOfOld = 'port' in own && facts.isRunning && facts.ports.has(own.port);
  if (estimate === null) return needsPortOfOld;
  if (estimate.total <= free && !needsPortOfOld) return false;
  if (estimate.total <= free + facts.currentMemory) return facts.isRunning;
  throw new DeckhandError(
    'host.memory',
    `${host} has ${mebibytes(free + facts.currentMemory)} of memory for it; the model needs ${mebibytes(estimate.total)} (weights ${mebibytes(estimate.model)}, context of ${context} tokens ${mebibytes(estimate.context)}, working space ${mebibytes(estimate.compute + estimate.program)}).`,
    { details: { host, free, estimate } },
  );
}

function freeMemory({ memoryAvailable, groupMemory }: ProbeFacts): number {
  return Math.min(memoryAvailable, groupMemory ?? Number.POSITIVE_INFINITY);
}

/**
 * Mebibytes of earlier prompts that the server may keep: a share of what the model leaves free. By itself it would keep
 * 8 GiB, whatever the host has. What runs already keeps what it was started with.
 */
function promptCacheFor(facts: ProbeFacts, { estimate }: DeployPlan, id: string): number {
  if (facts.current === id && facts.isRunning)
    return Number(/"promptCache":(\d{1,5})\b/.exec(facts.currentRelease ?? '')?.[1] ?? UNTOLD_CACHE);
  const free = freeMemory(facts);
  const need = estimate?.total ?? 0;
  // where it does not fit beside the release before it, that one is stopped first
  const left = need <= free ? free - need : free + facts.currentMemory - need;
  return Math.floor(Math.min(Math.max(left, 0) * CACHE_SHARE, LARGEST_CACHE) / MEBIBYTE);
}

/** The first of the ways to keep it running that the account may have. */
function serviceFor(host: string, facts: ProbeFacts, wish: 'auto' | ServiceMode): ServiceMode {
  const maySystem = facts.hasSystemd && (facts.uid === 0 || facts.isSudoer);
  const refuse = (text: string): never => {
    throw new DeckhandError('privilege.needed', `${host}: ${text}.`, {
      hint: 'Leave --service out, and the best way that the account may have is taken.',
    });
  };
  if (wish === 'system')
    return maySystem ? 'system' : refuse('a system service needs systemd, and root or sudo');
  if (wish === 'user')
    return mayUser(facts) ? 'user' : refuse('the account has no service manager of its own');
  if (wish === 'detached') return 'detached';
  if (maySystem) return 'system';
  return mayUser(facts) ? 'user' : 'detached';
}

/** Whether it lingers, or may, is known when it was tried. */
function mayUser(facts: ProbeFacts): boolean {
  return (
    facts.uid !== 0 &&
    facts.hasSystemd &&
    facts.tools.includes('loginctl') &&
    (facts.hasUserManager || facts.lingers)
  );
}

function listenFor(
  host: string,
  facts: ProbeFacts,
  { params }: DeployPlan,
  service: ServiceMode,
  id: string,
): EngineListen {
  const { sockets, live } = layoutOf(facts.base, params.name);
  const may = kindOf(params.engine).listens(params);
  const path =
    service === 'system' && facts.uid === 0
      ? `/run/deckhand-llm-${params.name}-${id}/engine.sock`
      : `${sockets}/${id}.sock`;
  const longest = Math.max(Buffer.byteLength(path), Buffer.byteLength(live));
  if (params.listen === 'socket' && longest > LONGEST_SOCKET)
    throw new DeckhandError(
      'input.invalid',
      `${host}: the socket's path would have ${longest} bytes, and ${LONGEST_SOCKET} are possible.`,
      { hint: 'Choose a shorter --name, or pass --listen port.' },
    );
  const isSocket = may.socket && params.listen !== 'port' && params.port === undefined;
  if (isSocket && longest <= LONGEST_SOCKET) return { path };
  if (!may.port)
    throw new DeckhandError('input.invalid', `${host}: this engine listens on a socket file only.`, {
      hint: 'Choose a shorter --name, and leave --listen out.',
    });
  return { host: '127.0.0.1', port: freePort(host, facts, params.port, id) };
}

function freePort(host: string, facts: ProbeFacts, wish: number | undefined, id: string): number {
  const old = oldListen(facts);
  if (wish !== undefined) {
    // the present release may be what listens there
    if (!facts.ports.has(wish) || old?.port === wish) return wish;
    throw new DeckhandError('engine.port-busy', `${host}: something listens on port ${wish} already.`);
  }
  if (facts.current === id && old) return old.port;
  for (let port = DEFAULT_PORT; port < DEFAULT_PORT + MOST_PORTS; port += 1)
    if (!facts.ports.has(port)) return port;
  throw new DeckhandError('engine.port-busy', `${host}: no port from ${DEFAULT_PORT} on is free.`);
}

function oldListen({ currentRelease }: ProbeFacts): { readonly port: number } | null {
  const port = /"port":(\d{1,5})/.exec(currentRelease ?? '')?.[1];
  return port === undefined ? null : { port: Number(port) };
}

function warningsOf(host: string, facts: ProbeFacts, service: ServiceMode, now: number): readonly string[] {
  const skew = Math.round(Math.abs(facts.clock - now / 1000));
  return [
    ...(service === 'detached' ? [noServiceText(host, facts)] : []),
    ...(skew > CLOCK_TOLERANCE ? [`${host}: its clock is ${skew} seconds off`] : []),
    ...(facts.graphics === 'none'
      ? []
      : [`${host} has a graphics processor (${facts.graphics}); this bundle uses the CPU only`]),
  ];
}

export function noServiceText(host: string, facts: ProbeFacts): string {
  const fix = facts.hasSystemd
    ? `to have it come back by itself: sudo loginctl enable-linger ${facts.user}, then deploy again`
    : 'there is no systemd that could start it again';
  return `${host}: it does not survive a reboot; ${fix}`;
}

/** For people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)} MiB`;
}
