import { TASK_STATES } from '../../core/task-state.ts';
import { z } from '../../core/schema.ts';
import { REPORT_FORMS } from '../task-api.ts';
import { strictBase64 } from './item-codec.ts';

/**
 * What comes in: shape and type of each field, unknown fields refused. What a value means (is this kind
 * known, is this time a time) is the engine's to say, for every surface alike.
 */

const text = z.string().max(10_000);
const name = z.string().min(1).max(500);
const count = z.number().int().min(0);

const bytes = z.string().transform((value, context) => {
  const decoded = strictBase64(value);
  if (decoded) return decoded;
  context.addIssue({ code: 'custom', message: 'is not base64' });
  return z.NEVER;
});

/** A switch in a query: `1`, `true`, `0`, `false`. */
const flag = z.enum(['1', 'true', '0', 'false']).transform(value => value === '1' || value === 'true');
export const integer = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a whole number')
  .transform(Number);
const taskState = z.enum(TASK_STATES);

/** Where a wish stands that does not say it: `placedDesk` knows. */
const ANYWHERE = { folder: '', overrides: {} };
const givenSurroundings = z.strictObject({
  folder: text.describe("empty: where the caller's way in was made"),
  settingsFile: text.optional(),
  sshConfigFile: text.optional(),
  overrides: z.record(z.string(), z.string()),
  agentSocket: text.optional(),
});
/** May be left out: then it is where the caller's way in was made. */
export const surroundings = givenSurroundings.default(ANYWHERE);

export const submission = z.strictObject({
  kind: name,
  hosts: z.string().optional(),
  params: z.record(z.string(), z.unknown()),
  input: bytes.optional(),
  surroundings,
  title: text.optional(),
  category: name.optional(),
  tags: z.array(name).max(100).optional(),
  priority: z.number().int().min(-100).max(100).optional(),
  onLost: z.enum(['hold', 'retry']).optional(),
  retry: z.strictObject({ limit: count, pause: count, longestPause: count }).partial().optional(),
  runAfter: z.union([text, z.number()]).optional(),
  after: z.array(name).max(10_000).optional(),
  onDependencyFailed: z.enum(['skip', 'run']).optional(),
  idempotencyKey: name.optional(),
});

export const id = z.object({ id: name });
export const questionPath = z.object({ id: name, question: name });
export const runbookPath = z.object({ name });

export const submitQuery = z.object({
  follow: flag.optional(),
  answers: flag.optional(),
  untilEnded: flag.optional(),
});
export const followQuery = z.object({
  after: name.optional(),
  answers: flag.optional(),
  untilEnded: flag.optional(),
});
export const taskQuery = z.strictObject({
  state: z
    .union([taskState, z.array(taskState)])
    .transform(value => (Array.isArray(value) ? value : [value]))
    .optional(),
  kind: name.optional(),
  host: name.optional(),
  category: name.optional(),
  tag: name.optional(),
  group: name.optional(),
  limit: integer.optional(),
  cursor: text.optional(),
});
export const reportQuery = z.object({ form: z.enum(REPORT_FORMS) });
export const eventsQuery = z.object({ after: integer.default(0), limit: integer.default(1000) });
export const outputQuery = z.object({ after: text.optional(), limit: integer.default(100) });
export const approvalsQuery = z.object({
  state: z.enum(['open', 'approved', 'declined', 'expired']).optional(),
});

/** Text for secrets; nothing of it is logged or kept. */
export const answerBody = z.strictObject({ answer: z.string().max(65_536).nullable() });
export const cancelBody = z.strictObject({ force: z.boolean().default(false) });
export const decideBody = z.strictObject({
  answer: z.enum(['approved', 'declined']),
  choice: z.enum(['continue', 'skip']).optional(),
  note: z.string().max(4000).optional(),
});
export const removeBody = z.strictObject({
  tasks: z.array(name).max(10_000).optional(),
  states: z.array(taskState).optional(),
  olderThan: count.optional(),
  dryRun: z.boolean(),
  force: z.boolean().optional(),
});
export const limitsBody = z
  .strictObject({ total: count, perHost: count, hosts: z.record(z.string(), count) })
  .partial();
export const scheduleBody = z.strictObject({
  name,
  when: text,
  timeZone: name.optional(),
  missed: z.enum(['skip', 'once']).optional(),
  submission,
});
export const backupBody = z.strictObject({ file: text.min(1) });

export const hostPath = z.object({ host: z.string().min(1).max(300) });
export const tunnelPath = z.object({ name });
export const surroundingsBody = z.strictObject({ surroundings });
export const listHostsBody = z.strictObject({ surroundings, selector: z.string().nullable().default(null) });
export const addHostBody = z.strictObject({
  surroundings,
  host: z.strictObject({
    name,
    address: name,
    user: name.optional(),
    port: z.number().int().min(1).max(65_535).optional(),
    identityFile: text.optional(),
    groups: z.array(name).optional(),
  }),
});

type Loose<Wanted> = unknown extends Wanted
  ? unknown
  : Wanted extends Uint8Array | readonly unknown[] | string | number | boolean | null
    ? Wanted
    : { readonly [Key in keyof Wanted]: Loose<Wanted[Key]> | undefined };

/**
 * What was parsed, as the contract's type. The schema library types an absent field as `undefined`; JSON has no
 * such value, so nothing changes but the type - and it does not compile when schema and contract part ways.
 */
export function exact<Wanted>(parsed: Loose<Wanted>): Wanted {
  return parsed as Wanted;
}
