import { chatParametersSchema, modelName } from '../core/chat.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { parseDuration } from '../core/duration.ts';
import { PLANNING_ROLES } from '../core/planning-model.ts';
import { z } from '../core/schema.ts';
import { parseByteSize } from './byte-size.ts';
import { notifyRuleSchema } from './notify-schema.ts';

/** Turns the error of a core parser into an issue of the schema, so that it gets file and line. */
function parsedBy(parse: (text: string, field: string) => number) {
  return z.union([z.string(), z.number().nonnegative()]).transform((value, context) => {
    try {
      return parse(String(value), 'value');
    } catch (error) {
      if (!(error instanceof DeckhandError)) throw error;
      context.addIssue({ code: 'custom', message: error.message.replace(/^value: /, '') });
      return z.NEVER;
    }
  });
}

const duration = parsedBy(parseDuration);
const concurrency = z
  .union([z.number(), z.string().regex(/^\d+$/, 'a whole number').transform(Number)])
  .pipe(z.number().int('a whole number').min(1).max(10_000));
const outputLimit = parsedBy(parseByteSize).pipe(
  z
    .number()
    .min(1024)
    .max(1024 ** 3),
);
const language = z.string().regex(/^[a-z]{2}(-[A-Z]{2})?$/, 'a language such as en or de');

/** A planning model by its name, `HOST/NAME` or `SERVER/MODEL`; empty or null: none. */
const planner = z.preprocess(
  value => value ?? '',
  z.string().max(300).regex(/^\S*$/, 'a name without blanks'),
);
/** What makes a request clear before it is planned: our own stage, or the Task Master that is installed here. */
const improver = z.enum(['built-in', 'task-master']);
/** A switch; in the environment and in flags its words. */
const yesOrNo = z.union([z.boolean(), z.enum(['true', 'false']).transform(word => word === 'true')]);
/** How long an answer may take: never for ever. */
const answerTime = duration.pipe(z.number().min(1, 'more than nothing').max(86_400_000, 'a day at most'));
const stepsAtOnce = z.coerce.number().pipe(z.number().int('a whole number').min(1).max(32));
const undoWhen = z.enum(['offer', 'regression', 'failure']);
/** 0 = no bound. */
const money = z.coerce.number().nonnegative();
const count = money.pipe(z.number().int('a whole number'));

/** A name of a host: safe as an argument of `ssh -G`, and never taken for a selector. */
const hostName = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}$/, 'a name of letters, digits, dots, dashes and underscores')
  .refine(name => name !== 'all', "'all' is a selector; choose another name");
const groupName = hostName;
const address = z.string().regex(/^[A-Za-z0-9_:[][A-Za-z0-9._:%\][-]{0,252}$/, 'an IP address or DNS name');
const account = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._@\\$-]{0,63}$/, 'an account name');
const jump = z.string().regex(/^[A-Za-z0-9_[][A-Za-z0-9._:@%\][-]*$/, 'a host, or user@host:port');
const path = z
  .string()
  .min(1)
  .regex(/^[^\0\n]+$/, 'a path');

/** A host as written in `deckhand.yaml`; everything left out comes from the OpenSSH configuration. */
export const hostEntrySchema = z
  .strictObject({
    address: address.optional(),
    user: account.optional(),
    port: z.number().int().min(1).max(65_535).optional(),
    identityFile: path.optional(),
    knownHostsFile: path.optional(),
    /** Jump chain, first hop first. */
    jump: z.union([jump.transform(hop => [hop]), z.array(jump).max(10)]).optional(),
    /** How to speak SSH: in this process, by the system's client, or whichever can serve the host. */
    engine: z.enum(['ssh2', 'openssh', 'auto']).optional(),
    groups: z.array(groupName).default([]),
    tags: z.array(z.string().min(1).max(100)).default([]),
  })
  .readonly();
export type HostEntry = z.infer<typeof hostEntrySchema>;
/** A host entry as a person gives it, before defaults. */
export type HostEntryInput = z.input<typeof hostEntrySchema>;

/** `off`: what a person types runs, unless a rule denies it. */
const policyMode = z.enum(['off', 'read-only', 'ask', 'auto', 'allow-list']);

/** Of a known failure; `all` of them. Which there are, the engine checks. */
const correctionName = z.string().regex(/^[a-z][a-z0-9-]{0,63}$/, 'a name such as apt-lock, or all');

const listenAddress = z
  .union([z.string(), z.number()])
  .transform(String)
  .pipe(
    z.string().regex(/^$|^(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):)?\d{1,5}$/, 'a port, or address:port'),
  );

const emptyAsObject = (value: unknown): unknown => value ?? {};

/** Where a provider is when nothing else is said. */
const PROVIDER_URLS = {
  'openai-compatible': undefined,
  anthropic: 'https://api.anthropic.com',
  google: 'https://generativelanguage.googleapis.com',
} as const;

/** A model server that somebody else runs. */
const modelServerSchema = z
  .strictObject({
    /** Whose wire form it speaks. Others than `openai-compatible` only plan; chats do not go there. */
    provider: z.enum(['openai-compatible', 'anthropic', 'google']).default('openai-compatible'),
    /** Without `/v1`: `http://127.0.0.1:11434`. */
    url: z.url({ protocol: /^https?$/, error: 'an address that begins with http:// or https://' }).optional(),
    /** A file with its key alone. */
    keyFile: path.optional(),
    /** The variable of the daemon's environment that has its key. */
    keyEnvironment: z
      .string()
      .regex(/^[A-Z_][A-Z0-9_]{0,99}$/, 'the name of a variable, such as ANTHROPIC_API_KEY')
      .optional(),
    headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(4096)).default({}),
    /** For a million tokens, in one currency of your choice: the one of agent.budget.money. */
    price: z.strictObject({ input: z.number().nonnegative(), output: z.number().nonnegative() }).optional(),
  })
  .transform((entry, context) => {
    const url = entry.url ?? PROVIDER_URLS[entry.provider];
    if (url !== undefined) return { ...entry, url };
    context.addIssue({ code: 'custom', path: ['url'], message: 'is missing' });
    return z.NEVER;
  });
export type ModelServerEntry = z.infer<typeof modelServerSchema>;

/** How to ask a model, under a name. */
const presetSchema = z.strictObject({
  model: modelName.optional(),
  system: z.string().max(1_000_000).optional(),
  ...chatParametersSchema.shape,
});
export type PresetEntry = z.infer<typeof presetSchema>;

/** One settings file. Every field may be missing. */
export const settingsFileSchema = z.strictObject({
  concurrency: concurrency.optional(),
  timeouts: z
    .strictObject({
      connect: duration.optional(),
      command: duration.optional(),
      idle: duration.optional(),
      lost: duration.optional(),
    })
    .optional(),
  agent: z
    .strictObject({
      model: planner.optional(),
      improver: improver.optional(),
      improve: yesOrNo.optional(),
      models: z.partialRecord(z.enum(PLANNING_ROLES), planner).optional(),
      timeout: answerTime.optional(),
      silence: answerTime.optional(),
      steps: stepsAtOnce.optional(),
      undo: undoWhen.optional(),
      budget: z
        .strictObject({ tokens: count.optional(), money: money.optional(), calls: count.optional() })
        .optional(),
    })
    .optional(),
  outputLimit: outputLimit.optional(),
  facts: z.strictObject({ maxAge: duration.optional() }).optional(),
  runbooks: z.array(path).optional(),
  policy: z
    .strictObject({
      mode: policyMode.optional(),
      rules: path.optional(),
      terminal: z.strictObject({ record: yesOrNo.optional() }).optional(),
    })
    .optional(),
  terminal: z.strictObject({ keep: duration.optional(), idle: duration.optional() }).optional(),
  language: language.optional(),
  corrections: z.strictObject({ off: z.array(correctionName).optional() }).optional(),
  console: z.strictObject({ listen: listenAddress.optional() }).optional(),
  audit: z.strictObject({ keep: duration.optional() }).optional(),
  /** Only in the settings of the account: whoever wrote a project may not have its address told. */
  notify: z.array(notifyRuleSchema).max(20).optional(),
  hosts: z
    .preprocess(emptyAsObject, z.record(hostName, z.preprocess(emptyAsObject, hostEntrySchema)))
    .optional(),
  groups: z.preprocess(emptyAsObject, z.record(groupName, z.array(z.string()))).optional(),
  modelServers: z.preprocess(emptyAsObject, z.record(hostName, modelServerSchema)).optional(),
  presets: z.preprocess(emptyAsObject, z.record(hostName, presetSchema)).optional(),
});
export type SettingsFile = z.infer<typeof settingsFileSchema>;

/** Every plain setting: dotted name → how its text is read. Durations are milliseconds, sizes bytes. */
export const SETTING_SCHEMAS = {
  concurrency,
  'timeouts.connect': duration,
  'timeouts.command': duration,
  'timeouts.idle': duration,
  /** How long a host may be out of reach before what began there counts as lost. */
  'timeouts.lost': duration,
  /** Which model plans; each role may have one of its own. */
  'agent.model': planner,
  'agent.improver': improver,
  /** False: a request goes to the planner as it was written. */
  'agent.improve': yesOrNo,
  'agent.models.improve': planner,
  'agent.models.plan': planner,
  'agent.models.detail': planner,
  'agent.models.repair': planner,
  'agent.models.summarise': planner,
  /** From a request to the end of its answer; and without a single byte. */
  'agent.timeout': answerTime,
  'agent.silence': answerTime,
  /** Steps of one host at the same time, where the plan allows it. */
  'agent.steps': stepsAtOnce,
  /** When a step is taken back without asking: never, when it lost something that worked, or also when it failed. */
  'agent.undo': undoWhen,
  /** What the planning models of one run may use up; 0 = no bound. */
  'agent.budget.tokens': count,
  'agent.budget.money': money,
  'agent.budget.calls': count,
  outputLimit,
  'facts.maxAge': duration,
  runbooks: z.preprocess(
    value => (typeof value === 'string' ? value.split(':').filter(part => part !== '') : value),
    z.array(path),
  ),
  language,
  /** What of a command may run unasked. */
  'policy.mode': policyMode,
  /** A file of rules; empty: none. */
  'policy.rules': z.string(),
  /** What terminals show is written down, beside the audit log. */
  'policy.terminal.record': yesOrNo,
  /** How long a terminal lives on when nobody is there; and without input, 0 = for ever. */
  'terminal.keep': duration,
  'terminal.idle': duration,
  /** Known failures that are not corrected. */
  'corrections.off': z.preprocess(
    value => (typeof value === 'string' ? value.split(',').filter(part => part !== '') : value),
    z.array(correctionName),
  ),
  /** Where the daemon keeps the console open: `127.0.0.1:8791`, or a port of 127.0.0.1; empty: nowhere. */
  'console.listen': listenAddress,
  /** How long the daemon keeps lines of the audit log; 0 = for ever. */
  'audit.keep': duration,
} as const;

export type SettingName = keyof typeof SETTING_SCHEMAS;
export type SettingValue<Name extends SettingName> = z.infer<(typeof SETTING_SCHEMAS)[Name]>;
export type SettingValues = { readonly [Name in SettingName]: SettingValue<Name> };

export const SETTING_NAMES = Object.keys(SETTING_SCHEMAS) as readonly SettingName[];

export const DEFAULTS: SettingValues = {
  concurrency: 50,
  'timeouts.connect': 15_000,
  'timeouts.command': 0,
  'timeouts.idle': 0,
  'timeouts.lost': 86_400_000,
  'agent.model': '',
  'agent.improver': 'built-in',
  'agent.improve': true,
  'agent.models.improve': '',
  'agent.models.plan': '',
  'agent.models.detail': '',
  'agent.models.repair': '',
  'agent.models.summarise': '',
  'agent.timeout': 600_000,
  'agent.silence': 180_000,
  'agent.steps': 4,
  'agent.undo': 'offer',
  'agent.budget.tokens': 1_000_000,
  'agent.budget.money': 0,
  'agent.budget.calls': 200,
  outputLimit: 1024 * 1024,
  'facts.maxAge': 3_600_000,
  runbooks: [],
  language: 'en',
  'policy.mode': 'off',
  'policy.rules': '',
  'policy.terminal.record': false,
  'terminal.keep': 60_000,
  'terminal.idle': 3_600_000,
  'corrections.off': [],
  'console.listen': '',
  'audit.keep': 400 * 86_400_000,
};

/** `facts.maxAge` → `DECKHAND_FACTS_MAX_AGE`. */
export function environmentName(name: SettingName): string {
  return `DECKHAND_${name
    .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('.', '_')
    .toUpperCase()}`;
}
