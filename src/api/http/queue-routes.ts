import type { NewSchedule, QueueLimits } from '../task-api.ts';
import { answers } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

/** The queue as a whole, its health, schedules and the store. */
export function registerQueueRoutes(parts: RouteParts): void {
  for (const verb of ['pause', 'resume'] as const) {
    register(parts, {
      id: `${verb}Queue`,
      method: 'post',
      path: `/v1/queue/${verb}`,
      summary: verb === 'pause' ? 'Nothing new is started.' : 'Tasks are started again.',
      answer: answers.nothing,
      carryOut: async ({ api }) => await api[`${verb}Queue`](),
    });
  }
  register(parts, {
    id: 'limits',
    method: 'get',
    path: '/v1/queue/limits',
    summary: 'How much runs at once.',
    answer: answers.limits,
    carryOut: async ({ api }) => await api.limits(),
  });
  register(parts, {
    id: 'setLimits',
    method: 'patch',
    path: '/v1/queue/limits',
    summary: 'Changes the limits that are given.',
    body: requests.limitsBody,
    answer: answers.limits,
    carryOut: async ({ body, api }) => await api.setLimits(requests.exact<Partial<QueueLimits>>(body)),
  });
  register(parts, {
    id: 'statistics',
    method: 'get',
    path: '/v1/queue/statistics',
    summary: 'Counts, durations, faults.',
    answer: answers.statistics,
    carryOut: async ({ api }) => await api.statistics(),
  });
  register(parts, {
    id: 'health',
    method: 'get',
    path: '/v1/health',
    summary: 'Is everything as it should be, and if not, why.',
    answer: answers.health,
    carryOut: async ({ api }) => await api.health(),
  });
  register(parts, {
    id: 'deployments',
    method: 'get',
    path: '/v1/deployments',
    summary: 'Model servers that were deployed from here.',
    answer: answers.deployments,
    carryOut: async ({ api }) => ({ deployments: await api.deployments() }),
  });
  register(parts, {
    id: 'attachedModels',
    method: 'get',
    path: '/v1/attached-models',
    summary: 'Model servers that somebody else runs and that were connected.',
    answer: answers.attachedModels,
    carryOut: async ({ api }) => ({ attached: await api.attachedModels() }),
  });
  registerSchedules(parts);
  register(parts, {
    id: 'backup',
    method: 'post',
    path: '/v1/store/backup',
    summary: "Writes a copy of the store to a file on the daemon's machine.",
    body: requests.backupBody,
    answer: answers.backup,
    carryOut: async ({ body, api }) => await api.backup(body.file),
  });
}

function registerSchedules(parts: RouteParts): void {
  register(parts, {
    id: 'schedules',
    method: 'get',
    path: '/v1/schedules',
    summary: 'All schedules.',
    answer: answers.schedules,
    carryOut: async ({ api }) => ({ schedules: await api.schedules() }),
  });
  register(parts, {
    id: 'addSchedule',
    method: 'post',
    path: '/v1/schedules',
    summary: 'Submits the same work again and again.',
    body: requests.scheduleBody,
    answer: answers.schedule,
    carryOut: async ({ body, api }) => await api.addSchedule(requests.exact<NewSchedule>(body)),
  });
  register(parts, {
    id: 'removeSchedule',
    method: 'delete',
    path: '/v1/schedules/{id}',
    summary: 'Removes a schedule; its tasks stay.',
    parameters: requests.id,
    answer: answers.nothing,
    carryOut: async ({ parameters, api }) => await api.removeSchedule(parameters.id),
  });
}
