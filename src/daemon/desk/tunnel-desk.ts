import type { TaskApi } from '../../api/task-api.ts';
import type { TunnelState, TunnelView } from '../../api/tunnel-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { isFinal } from '../../core/task-state.ts';
import type { TaskRecord } from '../../core/task.ts';
import type { TunnelParams, TunnelStatus } from '../../core/tunnel.ts';
import { sshTunnel, STATUS_STEP } from '../../tasks/ssh-tunnel.ts';
import { audit, type DeskRequest } from './desk-parts.ts';
import { retryOf } from './retry-tasks.ts';

type TunnelCalls = Pick<TaskApi, 'tunnels' | 'tunnel' | 'startTunnel' | 'stopTunnel' | 'removeTunnel'>;

const PAGE = 1000;
/** Milliseconds between two looks at a task that is being stopped, and until nobody waits any more. */
const LOOK = 25;
const PATIENCE = 15_000;

/** Tunnels are tasks of one kind, known by name: the newest of a name is the tunnel. */
export function tunnelDesk(request: DeskRequest): TunnelCalls {
  const { store, queue } = request;
  return {
    async tunnels() {
      const newest = await newestByName(request);
      return await Promise.all([...newest.values()].map(async task => await viewOf(request, task)));
    },
    tunnel: async name => await viewOf(request, await named(request, name)),
    async startTunnel(name) {
      let task = await named(request, name);
      if (task.state === 'running' && !task.pauseAsked) {
        // it may have given up: begun anew it tries again
        await queue.control(task.id, { action: 'pause' });
        task = await until(request, task.id, ({ state }) => state !== 'running');
      }
      if (isFinal(task.state)) task = await again(request, task);
      else if (task.state !== 'queued') task = await queue.control(task.id, { action: 'resume' });
      await audit(request, 'tunnel.start', name);
      return await viewOf(request, task);
    },
    async stopTunnel(name) {
      const task = await named(request, name);
      if (!isFinal(task.state) && task.state !== 'paused') await queue.control(task.id, { action: 'pause' });
      const stopped = await until(request, task.id, ({ state }) => state === 'paused' || isFinal(state));
      await audit(request, 'tunnel.stop', name);
      return await viewOf(request, stopped);
    },
    async removeTunnel(name) {
      const task = await named(request, name);
      if (!isFinal(task.state)) {
        await queue.control(task.id, { action: 'cancel', force: false });
        await until(request, task.id, ({ state }) => isFinal(state));
      }
      const all = (await tasksOf(request)).filter(one => nameOf(one) === name && isFinal(one.state));
      await store.remove(all.map(({ id }) => id));
      await audit(request, 'tunnel.remove', name);
    },
  };
}

async function tasksOf({ store }: DeskRequest): Promise<readonly TaskRecord[]> {
  const found: TaskRecord[] = [];
  let cursor: string | null = null;
  do {
    const filter = { kind: sshTunnel.name };
    const page = await store.tasks(filter, { limit: PAGE, ...(cursor === null ? {} : { cursor }) });
    found.push(...page.tasks);
    cursor = page.next;
  } while (cursor !== null);
  return found;
}

async function newestByName(request: DeskRequest): Promise<ReadonlyMap<string, TaskRecord>> {
  const byName = new Map<string, TaskRecord>();
  for (const task of await tasksOf(request)) if (!byName.has(nameOf(task))) byName.set(nameOf(task), task);
  return byName;
}

async function named(request: DeskRequest, name: string): Promise<TaskRecord> {
  const task = (await newestByName(request)).get(name);
  if (task) return task;
  throw new DeckhandError('tunnel.unknown', `There is no tunnel '${name}'.`, { details: { name } });
}

/** The same tunnel as a new task, in the place of one that ended. */
async function again(request: DeskRequest, ended: TaskRecord): Promise<TaskRecord> {
  const { store, queue } = request;
  const tasks = await retryOf(request, ended.id, [ended]);
  await store.remove([ended.id]);
  const fresh = tasks.map(task => ({ ...task, retryOf: null, idempotencyKey: ended.idempotencyKey }));
  const [kept] = await queue.submit(fresh);
  if (kept) return kept.task;
  throw new DeckhandError('internal.defect', 'A tunnel was begun anew, and nothing was kept.');
}

async function until(
  { store, clock }: DeskRequest,
  id: string,
  fits: (task: TaskRecord) => boolean,
): Promise<TaskRecord> {
  const latest = clock.monotonic() + PATIENCE;
  for (;;) {
    const task = await store.task(id);
    if (fits(task) || clock.monotonic() > latest) return task;
    await clock.sleep(LOOK);
  }
}

async function viewOf({ store }: DeskRequest, task: TaskRecord): Promise<TunnelView> {
  const { name, host, forward } = task.params as TunnelParams;
  const status = ((await store.steps(task.id)).get(STATUS_STEP) ?? null) as TunnelStatus | null;
  const state = stateOf(task, status);
  const error = task.error ?? (state === 'up' || state === 'stopped' ? null : (status?.lastError ?? null));
  return { name, host, forward, state, task: task.id, status, error };
}

function stateOf(task: TaskRecord, status: TunnelStatus | null): TunnelState {
  if (isFinal(task.state)) return 'ended';
  if (task.state === 'paused' || task.pauseAsked) return 'stopped';
  // what a status says that an earlier executor left is old until the next one has spoken
  if (task.state !== 'running' || status === null) return 'starting';
  const { link } = status;
  if (link === 'up' && status.listening === null) return 'down';
  return link === 'connecting' || link === 'closed' ? 'starting' : link;
}

function nameOf(task: TaskRecord): string {
  return (task.params as TunnelParams).name;
}
