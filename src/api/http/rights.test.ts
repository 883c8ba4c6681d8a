import { describe, expect, it } from 'vitest';
import { RIGHTS_OF, type Right, ROLES } from '../caller.ts';
import { fakeDoor, sampleCaller } from '../web/fake-door.ts';
import { buildHttpApp } from './app.ts';
import type { AuditedCall } from './audited.ts';
import { FakeTaskApi } from './fake-task-api.ts';
import { RIGHTS } from './rights.ts';

const tokens = Object.fromEntries(ROLES.map(role => [role, sampleCaller(role)]));
const calls: AuditedCall[] = [];
const fake = new FakeTaskApi();
const app = buildHttpApp({
  api: fake.api,
  version: '1',
  door: fakeDoor(tokens),
  audit: call => {
    calls.push(call);
    return Promise.resolve();
  },
});

interface Described {
  readonly operationId: string;
}
const document = app.getOpenAPI31Document({ openapi: '3.1.0', info: { title: 't', version: '1' } });
const ROUTES = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
  Object.entries(methods as Record<string, Described>).map(([method, { operationId }]) => ({
    method: method.toUpperCase(),
    path: path.replaceAll(/\{\w+\}/g, 'x'),
    operation: operationId as keyof typeof RIGHTS,
  })),
);

/** What is answered when a caller asks with nothing to say: 403 before the body is even looked at. */
async function ask(route: (typeof ROUTES)[number], authorization?: string): Promise<number> {
  const headers = { host: 'localhost', 'content-type': 'application/json' };
  const answer = await app.request(route.path, {
    method: route.method,
    headers: { ...headers, ...(authorization !== undefined && { authorization }) },
    ...(route.method !== 'GET' && { body: '{"unknown-field":1}' }),
  });
  await answer.body?.cancel();
  return answer.status;
}

describe('every route, as every role', () => {
  it('has a row, and no row is without its route', () => {
    expect(ROUTES.map(({ operation }) => operation).toSorted()).toEqual(Object.keys(RIGHTS).toSorted());
  });

  it.each(ROUTES)('$method $path', async route => {
    const right = RIGHTS[route.operation];
    for (const role of ROLES) {
      calls.length = 0;
      const allowed = right === 'anyone' || (RIGHTS_OF[role] as readonly Right[]).includes(right);
      const status = await ask(route, `Bearer ${role}`);
      expect([role, status === 403], `${status}`).toEqual([role, !allowed]);
      // a refusal is in the audit, and so is whatever would have changed something
      if (!allowed) {
        expect(calls).toMatchObject([
          { who: `token:${role}`, operation: route.operation, outcome: 'refused', code: 'api.forbidden' },
        ]);
      } else if (right === 'read' && route.operation !== 'answer' && route.operation !== 'logout')
        expect(calls).toEqual([]);
      else expect(calls).toHaveLength(1);
    }
  });

  it.each(ROUTES.filter(({ operation }) => RIGHTS[operation] !== 'anyone'))(
    '$method $path: 401 without a token and with a wrong one',
    async route => {
      fake.calls.length = 0;
      expect(await ask(route)).toBe(401);
      expect(await ask(route, 'Bearer wrong')).toBe(401);
      expect(await ask(route, 'Basic dmlld2VyOg==')).toBe(401);
      expect(fake.calls).toEqual([]);
    },
  );
});

describe('the table', () => {
  it('lets nobody who only looks change anything', () => {
    const asked = ROUTES.filter(({ method, operation }) => method !== 'GET' && RIGHTS[operation] === 'read');
    expect(asked.map(({ operation }) => operation).toSorted()).toEqual([
      // passwords and a yes: the desk knows which, and who may
      'answer',
      'doctor',
      'explainPolicy',
      'listHosts',
      'listRunbooks',
      'logout',
      'policyRules',
      'recordRunbook',
      'replayRun',
      'servedModels',
      'settings',
      'showRunbook',
      'undoOfRun',
    ]);
  });

  it('keeps this machine, the ways in and what was said for admins', () => {
    const admins = [
      'addAllowRules',
      'addHost',
      'addToken',
      'auditTrail',
      'backup',
      'conversation',
      'loginLink',
      'openConsole',
    ];
    for (const operation of [
      ...admins,
      'openEndpoint',
      'remove',
      'removeToken',
      'setLimits',
      'tokens',
    ] as const)
      expect([operation, RIGHTS[operation as keyof typeof RIGHTS]]).toEqual([operation, 'administer']);
    expect(RIGHTS.decide).toBe('approve');
  });
});

describe('the owner of the socket', () => {
  it.each([
    ['mcp:claude', 403],
    ['admin', 400],
    ['mcp:', 400],
    ['mcp:a b', 400],
  ])('may step down: deckhand-as %s', async (as, status) => {
    const socket = buildHttpApp({ api: fake.api, version: '1', owner: 'me' });
    const answer = await socket.request('/v1/approvals/a/decide', {
      method: 'POST',
      headers: { 'deckhand-as': as, 'content-type': 'application/json' },
      body: JSON.stringify({ answer: 'approved' }),
    });
    expect(answer.status).toBe(status);
  });
});
