import { z } from './schema.ts';

/**
 * Typed desired conditions of a host. Here are only their words; what each checks, applies and
 * touches is in `states/`. `service` and `name` texts are validated so that they cannot carry options.
 */
const absolutePath = z
  .string()
  .regex(/^\/[^\0]*$/, 'an absolute path')
  .refine(path => !path.split('/').includes('..'), 'no ".." in a path');
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]*(:[a-z0-9]+)?$/, 'a package name');
const accountName = z.string().regex(/^[a-z_][a-z0-9_-]{0,31}$/, 'an account name');
const unitName = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*$/, 'a unit name');
const mode = z.string().regex(/^[0-7]{3,4}$/, 'an octal mode such as 0644');

export const packageStateSchema = z.strictObject({
  kind: z.literal('package'),
  name: packageName,
  ensure: z.enum(['present', 'absent']).default('present'),
});
export const serviceStateSchema = z.strictObject({
  kind: z.literal('service'),
  name: unitName,
  running: z.boolean().default(true),
  enabled: z.boolean().default(true),
  /** Files whose change after the unit's last state change asks for a reload (or restart). */
  reloadAfter: z.array(absolutePath).default([]),
  reloadBy: z.enum(['reload', 'restart']).default('reload'),
});
export const fileStateSchema = z.strictObject({
  kind: z.literal('file'),
  path: absolutePath,
  ensure: z.enum(['present', 'absent']).default('present'),
  content: z.string().max(1_000_000).default(''),
  mode: mode.default('0644'),
  owner: accountName.default('root'),
  group: accountName.default('root'),
  /** A command that must accept the new content before it replaces the file; `%s` is its path. */
  validate: z.string().optional(),
});
export const directoryStateSchema = z.strictObject({
  kind: z.literal('directory'),
  path: absolutePath,
  ensure: z.enum(['present', 'absent']).default('present'),
  mode: mode.default('0755'),
  owner: accountName.default('root'),
  group: accountName.default('root'),
});
export const linkStateSchema = z.strictObject({
  kind: z.literal('link'),
  path: absolutePath,
  target: z.string().min(1),
  ensure: z.enum(['present', 'absent']).default('present'),
});
export const lineStateSchema = z.strictObject({
  kind: z.literal('line'),
  path: absolutePath,
  /** The whole line, without newline. */
  line: z.string().regex(/^[^\n]+$/, 'one line'),
  /** Extended regular expression (POSIX): lines that match are replaced by `line`. */
  replace: z.string().optional(),
  ensure: z.enum(['present', 'absent']).default('present'),
});
export const userStateSchema = z.strictObject({
  kind: z.literal('user'),
  name: accountName,
  ensure: z.enum(['present']).default('present'),
  shell: absolutePath.default('/bin/bash'),
  system: z.boolean().default(false),
  groups: z.array(accountName).default([]),
  /** Public keys that must be in authorized_keys; others stay. */
  authorizedKeys: z.array(z.string().regex(/^(ssh|ecdsa|sk)-[^\n]+$/, 'a public key line')).default([]),
});
export const groupStateSchema = z.strictObject({
  kind: z.literal('group'),
  name: accountName,
  ensure: z.enum(['present', 'absent']).default('present'),
});
/** What a command must end with and print; Deckhand compares it after the command ran. */
export const expectedSchema = z.strictObject({
  /** Exit codes that count as done. */
  exitCodes: z.array(z.number().int().min(0).max(255)).min(1).max(20).default([0]),
  /** Must stand in its output, on either stream; `*` stands for anything, `\\*` for itself. */
  text: z.string().min(1).max(500).optional(),
});
export type Expected = z.infer<typeof expectedSchema>;

export const commandStateSchema = z.strictObject({
  kind: z.literal('command'),
  /** What it does, for the plan shown to a person. */
  title: z.string().min(1).max(300),
  script: z.string().min(1).max(20_000),
  /** POSIX sh; exit 0 means that nothing is to be done. One of `unless` and `creates` is needed. */
  unless: z.string().optional(),
  creates: absolutePath.optional(),
  privilege: z.enum(['user', 'root']).default('root'),
  effects: z.array(z.string()).default([]),
  destructive: z.boolean().default(false),
  /** Absent: exit code 0. */
  expected: expectedSchema.optional(),
});

/** One package of the host, before a step and after it: a version, `absent`, or `config-files` left of it. */
export const packageChangeSchema = z.strictObject({
  name: packageName,
  was: z.string().min(1).max(200),
  left: z.string().min(1).max(200),
});
export type PackageChange = z.infer<typeof packageChangeSchema>;

export const RESTORABLE = ['path', 'tree', 'packages', 'user', 'group'] as const;
export type Restorable = (typeof RESTORABLE)[number];

/**
 * Something as it was before a step of a run, from what was kept then on the host. Made by `undo`; what somebody else
 * has changed since stays as it is.
 */
export const restoredStateSchema = z.strictObject({
  kind: z.literal('restored'),
  of: z.enum(RESTORABLE),
  /** Path, account or group; of packages their names. */
  name: z.string().min(1).max(4096),
  /** In the words of `describe-subject.ts`: as it was, and as the run left it. */
  was: z.string().min(1).max(1000),
  left: z.string().min(1).max(1000),
  /** Where its bytes are kept: `RUN/STEP/NUMBER`. */
  kept: z.string().regex(/^[a-z0-9-]{1,100}\/[a-z0-9-]{1,100}\/\d{1,3}$/),
  packages: z.array(packageChangeSchema).max(5000).default([]),
  privilege: z.enum(['user', 'root']).default('root'),
  /** True: also when somebody has changed it since. */
  anyway: z.boolean().default(false),
});

export const stateSchema = z.discriminatedUnion('kind', [
  packageStateSchema,
  serviceStateSchema,
  fileStateSchema,
  directoryStateSchema,
  linkStateSchema,
  lineStateSchema,
  userStateSchema,
  groupStateSchema,
  commandStateSchema.refine(state => state.unless !== undefined || state.creates !== undefined, {
    message: 'a command needs `unless` or `creates`, or nothing can prove it',
  }),
  restoredStateSchema,
]);
export type State = z.infer<typeof stateSchema>;
export type StateOf<Kind extends State['kind']> = Extract<State, { kind: Kind }>;

/** What applying a state may touch. */
export interface Effect {
  readonly kind: 'path' | 'package' | 'service' | 'user' | 'group' | 'other';
  readonly subject: string;
  readonly risk: 'change' | 'privileged' | 'destructive';
}
