import { z } from '../../core/schema.ts';
import type { Surroundings } from '../../core/task.ts';
import { answers } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const consoleBody = z.strictObject({
  surroundings: requests.surroundings,
  port: z.number().int().min(0).max(65_535),
  address: z.string().min(1).max(100),
});

/** Who else may ask, and how. */
export function registerAccessRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'console',
    method: 'get',
    path: '/v1/console',
    summary: 'Whether the console is open, and where.',
    answer: answers.console,
    carryOut: async ({ api }) => ({ console: await api.console() }),
  });
  register(parts, {
    id: 'openConsole',
    method: 'post',
    path: '/v1/console',
    summary: 'Opens the console, also after a restart.',
    body: consoleBody,
    answer: answers.consoleView,
    carryOut: async ({ body: { surroundings, port, address }, api }) =>
      await api.openConsole(requests.exact<Surroundings>(surroundings), { port, address }),
  });
  register(parts, {
    id: 'closeConsole',
    method: 'delete',
    path: '/v1/console',
    summary: 'Closes it, and forgets who is signed in.',
    answer: answers.nothing,
    carryOut: async ({ api }) => await api.closeConsole(),
  });
  register(parts, {
    id: 'loginLink',
    method: 'post',
    path: '/v1/console/login-link',
    summary: 'A link that signs a browser in, once, within five minutes.',
    answer: answers.loginLink,
    carryOut: async ({ api }) => await api.loginLink(),
  });
}
