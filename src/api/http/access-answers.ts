import { z } from '@hono/zod-openapi';
import type { AuditEntryView, ConsoleView, LoginLink, PolicyVerdict, TokenView } from '../access-contract.ts';
import { ROLES } from '../caller.ts';

const consoleView = z
  .object({ url: z.string(), loopback: z.boolean(), built: z.boolean(), sessions: z.number() })
  .openapi('Console') satisfies z.ZodType<ConsoleView>;

const time = z.number().describe('milliseconds since the epoch');
const tokenView = z
  .object({
    name: z.string(),
    role: z.enum(ROLES),
    kinds: z.array(z.string()).nullable(),
    hosts: z.string().nullable(),
    createdAt: time,
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
  })
  .openapi('Token') satisfies z.ZodType<TokenView>;
const auditEntry = z
  .object({
    number: z.number(),
    time,
    who: z.string(),
    action: z.string(),
    hosts: z.array(z.string()),
    command: z.string(),
    rule: z.string().nullable(),
    why: z.string(),
    requestId: z.string(),
  })
  .openapi('AuditEntry') satisfies z.ZodType<AuditEntryView>;

const fileFacts = {
  hash: z.string().describe('SHA-256'),
  mode: z.string(),
  owner: z.string(),
  group: z.string(),
};

/** Answers about one file of a host. */
export const fileAnswers = {
  hostFile: z
    .object({
      host: z.string(),
      path: z.string(),
      content: z.string().describe('base64'),
      ...fileFacts,
      changedAt: time,
    })
    .openapi('HostFile'),
  hostFileWritten: z.object({ ...fileFacts, bytes: z.number(), task: z.string() }),
};

/** Answers about who else may ask. */
export const accessAnswers = {
  console: z.object({ console: consoleView.nullable() }),
  consoleView,
  tokens: z.object({ tokens: z.array(tokenView) }),
  newToken: z.object({ token: z.string().describe('told once'), view: tokenView }),
  audit: z.object({ entries: z.array(auditEntry), total: z.number() }),
  policyVerdict: z
    .object({
      command: z.string(),
      class: z.string(),
      risks: z.array(z.string()),
      reasons: z.array(z.string()),
      hash: z.string(),
      mode: z.string(),
      decisions: z.array(
        z.object({
          mode: z.string(),
          decision: z.enum(['run', 'ask', 'refuse']),
          rule: z.string().nullable(),
          why: z.string(),
        }),
      ),
    })
    .openapi('PolicyVerdict') satisfies z.ZodType<PolicyVerdict>,
  loginLink: z.object({
    url: z.string(),
    expiresAt: z.number().describe('milliseconds since the epoch'),
  }) satisfies z.ZodType<LoginLink>,
};
