import type { AccessApi, ConsoleView } from '../access-contract.ts';
import type { Ask } from './client.ts';

/** The calls about who else may ask, over HTTP. */
export function accessCalls(ask: Ask): AccessApi {
  return {
    console: async () => (await ask<{ console: ConsoleView | null }>('GET', '/v1/console')).console,
    openConsole: (surroundings, where) => ask('POST', '/v1/console', { surroundings, ...where }),
    async closeConsole() {
      await ask('DELETE', '/v1/console');
    },
    loginLink: () => ask('POST', '/v1/console/login-link'),
  };
}
