import { z } from '../../core/schema.ts';
import type { Surroundings } from '../../core/task.ts';
import type { NewToken } from '../access-contract.ts';
import { ROLES } from '../caller.ts';
import { answers } from './answer-schemas.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const consoleBody = z.strictObject({
  surroundings: requests.surroundings,
  port: z.number().int().min(0).max(65_535),
  address: z.string().min(1).max(100),
});

const tokenBody = z.strictObject({
  surroundings: requests.surroundings,
  token: z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'letters, digits, dots, dashes; at most 64'),
    role: z.enum(ROLES),
    kinds: z.array(z.string().min(1).max(100)).min(1).max(100).optional(),
    hosts: z.string().min(1).max(10_000).optional(),
    expiresIn: z
      .number()
      .int()
      .min(1000)
      .max(10 * 365 * 86_400_000)
      .optional(),
  }),
});
const sessionName = z.string().min(1).max(100);
const endSessionsBody = z.union([
  z.strictObject({ id: sessionName }),
  z.strictObject({ except: sessionName }),
]);
const auditQuery = z.object({
  before: z.coerce.number().int().min(1).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const explainBody = z.strictObject({
  surroundings: requests.surroundings,
  command: z.string().min(1).max(100_000),
  host: z.string().min(1).max(300),
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
  registerSessions(parts);
  registerTokens(parts);
  registerOversight(parts);
}

function registerSessions(parts: RouteParts): void {
  register(parts, {
    id: 'sessions',
    method: 'get',
    path: '/v1/sessions',
    summary: 'Browsers that are signed in. `GET /v1/session` says which of them asks.',
    answer: answers.sessions,
    carryOut: async ({ api }) => ({ sessions: await api.sessions() }),
  });
  register(parts, {
    id: 'endSessions',
    method: 'post',
    path: '/v1/sessions/end',
    summary: 'Signs one browser out, or all but one.',
    body: endSessionsBody,
    answer: answers.sessionsEnded,
    carryOut: async ({ body, api }) => await api.endSessions(body),
  });
}

function registerTokens(parts: RouteParts): void {
  register(parts, {
    id: 'tokens',
    method: 'get',
    path: '/v1/tokens',
    summary: 'Tokens by name: role, limits, when last used. Never the tokens themselves.',
    answer: answers.tokens,
    carryOut: async ({ api }) => ({ tokens: await api.tokens() }),
  });
  register(parts, {
    id: 'addToken',
    method: 'post',
    path: '/v1/tokens',
    summary: 'Makes a token. It is told in this answer, once.',
    body: tokenBody,
    answer: answers.newToken,
    carryOut: async ({ body, api, context }) => {
      context.set('subject', `${body.token.name} ${body.token.role}`);
      const token = requests.exact<NewToken>(body.token);
      return await api.addToken(requests.exact<Surroundings>(body.surroundings), token);
    },
  });
  register(parts, {
    id: 'removeToken',
    method: 'delete',
    path: '/v1/tokens/{name}',
    summary: 'Makes a token worthless, at once.',
    parameters: requests.tunnelPath,
    answer: answers.nothing,
    carryOut: async ({ parameters, api }) => await api.removeToken(parameters.name),
  });
}

function registerOversight(parts: RouteParts): void {
  register(parts, {
    id: 'auditTrail',
    method: 'get',
    path: '/v1/audit',
    summary: 'Who did what, and who was not let: newest first, the chain checked.',
    query: auditQuery,
    answer: answers.audit,
    carryOut: async ({ query, api }) =>
      await api.auditTrail(requests.exact<{ before?: number; limit?: number }>(query)),
  });
  register(parts, {
    id: 'explainPolicy',
    method: 'post',
    path: '/v1/policy/explain',
    summary: 'What a command may do, and whether it would run, ask or be refused. Nothing is run.',
    body: explainBody,
    answer: answers.policyVerdict,
    carryOut: async ({ body, api }) =>
      await api.explainPolicy(requests.exact<Surroundings>(body.surroundings), body.command, body.host),
  });
}
