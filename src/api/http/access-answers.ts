import { z } from '@hono/zod-openapi';
import type {
  AuditEntryView,
  ConsoleView,
  LoginLink,
  PolicyVerdict,
  SessionView,
  TokenView,
} from '../access-contract.ts';
import { ROLES } from '../caller.ts';

const consoleView = z
  .object({ url: z.string(), loopback: z.boolean(), built: z.boolean(), sessions: z.number() })
  .openapi('Console') satisfies z.ZodType<ConsoleView>;

const time = z.number().describe('milliseconds since the epoch');
const sessionView = z.object({
  id: z.string(),
  token: z.string().nullable().describe('null: a login link'),
  beganAt: time,
  expiresAt: time,
}) satisfies z.ZodType<SessionView>;
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

const listedEntry = z.object({
  name: z.string(),
  raw: z.string().optional().describe('base64 of a name that is no UTF-8'),
  type: z.enum(['file', 'directory', 'symlink', 'fifo', 'socket', 'device', 'unknown']),
  size: z.number(),
  mode: z.string(),
  owner: z.string(),
  group: z.string(),
  modifiedAt: z.string().describe('ISO 8601'),
  link: z.string().optional(),
});

/** Answers about files and folders of hosts. */
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
  folder: z
    .object({ path: z.string(), entries: z.array(listedEntry), truncated: z.boolean() })
    .openapi('Folder'),
  foundItem: z.looseObject({ item: z.enum(['found', 'searched']) }).openapi('FoundItem'),
  folderChange: z.looseObject({ item: z.enum(['watching', 'changed', 'alive']) }).openapi('FolderChange'),
  staged: z.object({ id: z.string() }),
  received: z.object({ received: z.number().describe('bytes that are there') }),
  bytes: z.string().describe('the bytes themselves, application/octet-stream'),
  hostFileWritten: z.object({ ...fileFacts, bytes: z.number(), task: z.string() }),
};

/** Answers about who else may ask. */
export const accessAnswers = {
  console: z.object({ console: consoleView.nullable() }),
  consoleView,
  sessions: z.object({ sessions: z.array(sessionView) }),
  sessionsEnded: z.object({ ended: z.number() }),
  tokens: z.object({ tokens: z.array(tokenView) }),
  newToken: z.object({ token: z.string().describe('told once'), view: tokenView }),
  audit: z.object({ entries: z.array(auditEntry), total: z.number() }),
  policyVerdict: z
    .object({
      command: z.string(),
      verdict: z.object({
        class: z.string(),
        risks: z.array(z.string()),
        effects: z.array(z.object({ kind: z.string(), subject: z.string() })),
        reasons: z.array(z.object({ class: z.string(), text: z.string(), words: z.string() })),
      }),
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
      always: z
        .array(z.object({ command: z.string(), upTo: z.enum(['change', 'unknown']), example: z.string() }))
        .describe('rules that would let exactly this run unasked'),
    })
    .openapi('PolicyVerdict') satisfies z.ZodType<PolicyVerdict>,
  loginLink: z.object({
    url: z.string(),
    expiresAt: z.number().describe('milliseconds since the epoch'),
  }) satisfies z.ZodType<LoginLink>,
};
