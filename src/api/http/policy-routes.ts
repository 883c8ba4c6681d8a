import { z } from '../../core/schema.ts';
import type { Surroundings } from '../../core/task.ts';
import type { AllowRule, PolicyRulesView } from '../policy-contract.ts';
import { register, type RouteParts } from './operation.ts';
import * as requests from './request-schemas.ts';

const rulesView = z
  .object({
    file: z.string().nullable().describe('null: the settings name none'),
    broken: z.string().nullable().describe('why it cannot be read, and so everything is refused'),
    rules: z.array(
      z.object({
        name: z.string(),
        decision: z.enum(['deny', 'ask', 'allow']),
        command: z.string().nullable(),
        risk: z.string().nullable(),
        hosts: z.array(z.string()).nullable(),
        why: z.string(),
        upTo: z.string(),
      }),
    ),
  })
  .openapi('PolicyRules') satisfies z.ZodType<PolicyRulesView>;
const allowRule = z.strictObject({
  command: z.string().trim().min(1).max(1000),
  hosts: z.array(z.string().min(1).max(300)).min(1).max(1000),
  why: z.string().trim().min(1).max(500),
  upTo: z.enum(['change', 'unknown']),
  example: z.string().min(1).max(4000),
}) satisfies z.ZodType<AllowRule>;
const addBody = z.strictObject({
  surroundings: requests.surroundings,
  rules: z.array(allowRule).min(1).max(20),
});

/** The rules of the policy, and adding some that let a command run unasked. */
export function registerPolicyRoutes(parts: RouteParts): void {
  register(parts, {
    id: 'policyRules',
    method: 'post',
    path: '/v1/policy/rules',
    summary: 'The rules that hold: what they let run, ask about or refuse.',
    body: requests.surroundingsBody,
    answer: rulesView,
    carryOut: async ({ body, api }) => await api.policyRules(requests.exact<Surroundings>(body.surroundings)),
  });
  register(parts, {
    id: 'addAllowRules',
    method: 'post',
    path: '/v1/policy/rules/add',
    summary: 'Adds rules that let a command run unasked from now on; a deny still stands above them.',
    body: addBody,
    answer: z.object({ file: z.string(), names: z.array(z.string()) }),
    carryOut: async ({ body, api, context }) => {
      context.set('subject', body.rules.map(({ command }) => command).join('; '));
      return await api.addAllowRules(requests.exact<Surroundings>(body.surroundings), body.rules);
    },
  });
}
