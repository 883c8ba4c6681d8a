import type { QueueHealth, TaskApi } from '../../api/task-api.ts';
import { auditLogBeside } from '../policy-gate.ts';
import { removeTasks } from '../remove-tasks.ts';
import { viewOf } from '../task-view.ts';
import { audit, type DeskRequest } from './desk-parts.ts';
import { prepare } from './task-desk.ts';

type QueueCalls = Pick<
  TaskApi,
  | 'approvals'
  | 'decide'
  | 'remove'
  | 'pauseQueue'
  | 'resumeQueue'
  | 'limits'
  | 'setLimits'
  | 'statistics'
  | 'health'
  | 'schedules'
  | 'addSchedule'
  | 'removeSchedule'
  | 'deployments'
  | 'attachedModels'
  | 'backup'
>;

/** What concerns all tasks together: approvals, limits, schedules, history, health. */
export function queueDesk(request: DeskRequest): QueueCalls {
  const { store, queue, scheduler, clock, who } = request;
  return {
    approvals: async state => await store.approvals(state === null ? {} : { state }),
    async decide(approval, answer, word) {
      const task = await queue.decide(approval, answer, who, word);
      await auditDecision(request, task.id, approval);
      return viewOf(task);
    },
    async remove(wish) {
      const count = await removeTasks(wish, { store, queue, clock });
      if (!wish.dryRun) await audit(request, 'task.remove', `${count} tasks`);
      return { count };
    },
    async pauseQueue() {
      await queue.setPaused(true);
      await audit(request, 'queue.pause', 'queue');
    },
    async resumeQueue() {
      await queue.setPaused(false);
      await audit(request, 'queue.resume', 'queue');
    },
    limits: () => Promise.resolve(queue.limits),
    async setLimits(limits) {
      const changed = await queue.setLimits(limits);
      await audit(request, 'queue.limits', JSON.stringify(limits));
      return changed;
    },
    statistics: async () => await store.statistics(clock.now()),
    health: async () => await healthOf(request),
    schedules: async () => await scheduler.list(),
    async addSchedule(schedule) {
      // a wish that could never be kept is refused now, not in the night
      await prepare(request, schedule.submission);
      const added = await scheduler.add(schedule);
      await audit(request, 'schedule.add', schedule.name);
      return added;
    },
    async removeSchedule(id) {
      await scheduler.remove(id);
      await audit(request, 'schedule.remove', id);
    },
    deployments: async () => await store.deployments(),
    attachedModels: async () => await store.attachedModels(),
    async backup(file) {
      const { bytes } = await store.backup(file);
      await audit(request, 'store.backup', file);
      return { file, bytes };
    },
  };
}

/** A person's word on a plan, in the chained log: what, on which hosts, with which risks. */
async function auditDecision(request: DeskRequest, task: string, id: string): Promise<void> {
  const { store, clock, requestId } = request;
  const approval = (await store.approvals({ task })).find(one => one.id === id);
  if (!approval) return;
  const { about, state, choice, note, hash, title, decidedBy } = approval;
  const texts = (name: string): string[] => (Array.isArray(about[name]) ? about[name].map(String) : []);
  await auditLogBeside(store.location)?.append({
    time: clock.now(),
    who: decidedBy ?? '',
    action: `approval.${state}`,
    hosts: texts('hosts'),
    command: title,
    class: approval.kind,
    risks: texts('risks'),
    rule: null,
    why: [choice, note].filter(Boolean).join(': ') || `approval ${id} of task ${task}`,
    meaning: hash,
    requestId: requestId(),
  });
}

async function healthOf({ queue, store, version, startedAt }: DeskRequest): Promise<QueueHealth> {
  const executors = queue.executors();
  const crashed = executors.filter(({ crashes }) => crashes > 0);
  const problems = [
    ...(queue.trouble ? [`store: ${queue.trouble.message}`] : []),
    ...crashed.map(({ name, crashes }) => `${name} ended unexpectedly, ${crashes} times`),
  ];
  return {
    status: problems.length > 0 ? 'degraded' : queue.paused ? 'paused' : 'ok',
    problems,
    version,
    pid: process.pid,
    startedAt: new Date(startedAt).toISOString(),
    store: store.location,
    executors,
    counts: await store.counts(),
    limits: queue.limits,
  };
}
