import type { AccessApi, ConsoleView, SessionView, TokenView } from '../access-contract.ts';
import type { FileApi, FileView } from '../file-contract.ts';
import { fromBase64, toBase64 } from './base64.ts';
import type { Ask } from './client.ts';

/** The calls about one file of a host. */
export function fileCalls(ask: Ask): FileApi {
  const at = (host: string, verb: string): string => `/v1/hosts/${encodeURIComponent(host)}/file/${verb}`;
  return {
    async readFile(surroundings, host, path) {
      const file = await ask<Omit<FileView, 'content'> & { content: string }>('POST', at(host, 'read'), {
        surroundings,
        path,
      });
      return { ...file, content: fromBase64(file.content) };
    },
    writeFile: (surroundings, host, { content, ...write }) =>
      ask('POST', at(host, 'write'), { surroundings, ...write, content: toBase64(content) }),
  };
}

/** The calls about who else may ask, over HTTP. */
export function accessCalls(ask: Ask): AccessApi {
  return {
    console: async () => (await ask<{ console: ConsoleView | null }>('GET', '/v1/console')).console,
    openConsole: (surroundings, where) => ask('POST', '/v1/console', { surroundings, ...where }),
    async closeConsole() {
      await ask('DELETE', '/v1/console');
    },
    loginLink: () => ask('POST', '/v1/console/login-link'),
    sessions: async () => (await ask<{ sessions: readonly SessionView[] }>('GET', '/v1/sessions')).sessions,
    endSessions: which => ask('POST', '/v1/sessions/end', which),
    tokens: async () => (await ask<{ tokens: readonly TokenView[] }>('GET', '/v1/tokens')).tokens,
    addToken: (surroundings, token) => ask('POST', '/v1/tokens', { surroundings, token }),
    async removeToken(name) {
      await ask('DELETE', `/v1/tokens/${encodeURIComponent(name)}`);
    },
    auditTrail: ({ before, limit }) => {
      const query = new URLSearchParams();
      if (before !== undefined) query.set('before', String(before));
      if (limit !== undefined) query.set('limit', String(limit));
      return ask('GET', `/v1/audit${query.size === 0 ? '' : `?${query.toString()}`}`);
    },
    explainPolicy: (surroundings, command, host) =>
      ask('POST', '/v1/policy/explain', { surroundings, command, host }),
  };
}
