import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Caller } from '../api/caller.ts';
import type { Submission, TaskApi } from '../api/task-api.ts';
import { systemClock } from '../core/clock.ts';
import { loadNotifyRules } from '../settings/load.ts';
import type { DeckhandError } from '../core/deckhand-error.ts';
import type { KnownModelServers } from '../core/known-models.ts';
import type { StartExecutor } from '../queue/executor-protocol.ts';
import { Queue } from '../queue/queue.ts';
import { Scheduler } from '../queue/scheduler.ts';
import type { Store } from '../store/store.ts';
import { TaskRegistry } from '../tasks/task-registry.ts';
import type { Doors } from './access/doors.ts';
import { openDesk } from './desk/desk.ts';
import { asRequest, type DeskParts } from './desk/desk-parts.ts';
import { scopedDesk } from './desk/scoped-desk.ts';
import { placedDesk } from './desk/placed-desk.ts';
import { Fleets } from './fleet-access.ts';
import { FollowHub } from './follow-hub.ts';
import { Housekeeping } from './housekeeping.ts';
import { knownModels } from './models/known-models.ts';
import { openModels } from './models/open-models.ts';
import { carrierState } from './staging/carrier-state.ts';
import { Staging } from './staging/staging.ts';
import { Notifier } from './notify/notifier.ts';
import { BUILT_IN_KINDS } from './kinds.ts';
import { auditLogBeside } from './policy-gate.ts';
import { retireAudit } from './retire-audit.ts';
import { openTerminals } from './terminal/open-terminals.ts';

export interface EngineOptions {
  readonly store: Store;
  readonly startExecutor: StartExecutor;
  /** Executors at most. */
  readonly executors: number;
  readonly registry?: TaskRegistry;
  readonly version: string;
  /** For what is no task: the token of the endpoint. */
  readonly folder: string;
  readonly onTrouble: (error: DeckhandError) => void;
  /** Absent: the engine ends with its process, and nobody else comes in. */
  readonly doors?: Doors;
}

/** Milliseconds without a sign of life after which an executor process counts as gone. */
const SILENCE_LIMIT = 10_000;
/** Milliseconds without work after which an executor process is let go, and its connections with it. */
const IDLE_LIMIT = 600_000;

/** The engine's api, and the same as one request of somebody sees it. */
export interface Engine {
  readonly api: TaskApi;
  readonly forRequest: (requestId: string, caller: Caller) => TaskApi;
}

/** Wires queue, followers, schedules and hosts over one store; disposing of the api closes all of it, the store last. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { store, onTrouble, version } = options;
  const clock = systemClock;
  const registry = options.registry ?? new TaskRegistry(BUILT_IN_KINDS);
  const fleets = new Fleets();
  const hubs: FollowHub[] = [];
  const known = async (): Promise<KnownModelServers> =>
    await knownModels(store, async () => await api.tunnels());
  const queue = await Queue.open({
    store,
    clock,
    chance: Math.random,
    startExecutor: options.startExecutor,
    executors: options.executors,
    silenceLimit: SILENCE_LIMIT,
    idleLimit: IDLE_LIMIT,
    isResident: kind => registry.isResident(kind),
    knownModels: known,
    onQuestion: question => hubs.forEach(hub => hub.ask(question)),
    onAudit: async ({ requestId }, entry) => {
      const time = clock.now();
      await auditLogBeside(store.location)?.append({ ...entry, time, who: userInfo().username, requestId });
    },
    onTrouble,
  });
  const hub = new FollowHub(store, (task, question, answer) => queue.answer(task, question, answer));
  hubs.push(hub);
  const scheduler = new Scheduler({
    store,
    clock,
    submit: async (submission, key) => {
      await api.submit({ ...(submission as unknown as Submission), idempotencyKey: key });
    },
    onTrouble,
  });
  const housekeeping = new Housekeeping({
    store,
    clock,
    onTrouble,
    retireAudit: async now => await retireAudit(store.location, { now, who: userInfo().username }),
  });
  const models = openModels({
    store,
    fleets,
    clock,
    folder: options.folder,
    known,
  });
  const terminals = openTerminals(store.location, onTrouble);
  const notifier = new Notifier({
    store,
    clock,
    chance: Math.random,
    rules: async () => await loadNotifyRules({ environment: process.env, home: homedir() }),
    onTrouble,
  });
  const staging = new Staging({
    folder: join(options.folder, 'staging'),
    clock,
    carrier: async task => await carrierState(store, task),
    onTrouble,
  });
  const parts: DeskParts = {
    store,
    queue,
    hub,
    scheduler,
    registry,
    fleets,
    models,
    notifier,
    staging,
    terminals,
    doors: options.doors ?? null,
    clock,
    version,
    startedAt: clock.now(),
    who: userInfo().username,
    onTrouble,
    close: async () => {
      await terminals[Symbol.asyncDispose]();
      await models[Symbol.asyncDispose]();
      await notifier[Symbol.asyncDispose]();
      await staging[Symbol.asyncDispose]();
      await housekeeping[Symbol.asyncDispose]();
      await scheduler[Symbol.asyncDispose]();
      await queue[Symbol.asyncDispose]();
      hub[Symbol.dispose]();
      await fleets[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
  const api = openDesk(parts);
  await models.endpoint.restore(onTrouble);
  return {
    api,
    forRequest: (requestId, caller) => {
      const own = { ...parts, who: caller.who || parts.who };
      const desk = openDesk(own, requestId);
      return placedDesk(scopedDesk(desk, asRequest(own, requestId), caller), caller);
    },
  };
}
