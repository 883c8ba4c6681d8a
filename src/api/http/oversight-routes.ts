import { z } from '../../core/schema.ts';
import { answers, errorAnswer } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import { exact } from './request-schemas.ts';

const stop = z
  .object({ since: z.string(), who: z.string(), until: z.string().nullable() })
  .openapi('EmergencyStop');
const stopBody = z.strictObject({
  force: z.boolean().default(false),
  /** Milliseconds. */
  cooldown: z
    .number()
    .int()
    .min(1)
    .max(365 * 86_400_000)
    .optional(),
});
const receiver = z.object({
  channel: z.string(),
  on: z.array(z.string()),
  error: errorAnswer.shape.error.nullable(),
});

/** The emergency stop, and who is told. */
export function registerOversightRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'emergencyStop',
    method: 'get',
    path: '/v1/stop',
    summary: 'Whether runs may begin; null: they may.',
    answer: z.object({ stop: stop.nullable() }),
    carryOut: async ({ api }) => ({ stop: await api.emergencyStop() }),
  });
  register(parts, {
    id: 'stopAll',
    method: 'post',
    path: '/v1/stop',
    summary: 'Cancels every run, and lets none begin.',
    body: stopBody,
    answer: z.object({ stop, tasks: answers.tasks.shape.tasks }),
    carryOut: async ({ body, api }) => await api.stopAll(exact<{ force: boolean; cooldown?: number }>(body)),
  });
  register(parts, {
    id: 'clearStop',
    method: 'delete',
    path: '/v1/stop',
    summary: 'Runs may begin again.',
    answer: z.object({ cleared: z.boolean() }),
    carryOut: async ({ api }) => ({ cleared: await api.clearStop() }),
  });
  register(parts, {
    id: 'testNotifications',
    method: 'post',
    path: '/v1/notifications/test',
    summary: 'Tells every receiver of the settings something.',
    answer: z.object({ receivers: z.array(receiver) }),
    carryOut: async ({ api }) => ({ receivers: await api.testNotifications() }),
  });
}
