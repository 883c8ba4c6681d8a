import { z } from '../core/schema.ts';

/**
 * What a model answers when it is asked for a plan. Flat: no unions and no records, `null` instead of absent, so that
 * servers with strict schemas take it. `plan-from-answer.ts` makes a plan of it, or says what is wrong.
 */
const short = z.string().max(300);
const script = z.string().max(4000);
const names = z.array(z.string().max(300)).max(100);

/** A question to the host; read-only POSIX sh, exit 0 = holds. */
export const flatCheckSchema = z.object({
  title: short,
  command: script,
  root: z.boolean(),
  withinSeconds: z.number().nullable(),
});
export type FlatCheck = z.infer<typeof flatCheckSchema>;

export const STATE_KINDS_OFFERED = [
  'package',
  'service',
  'file',
  'directory',
  'link',
  'line',
  'user',
  'group',
  'command',
] as const;

export const flatStateSchema = z.object({
  kind: z.enum(STATE_KINDS_OFFERED),
  /** Package, service, user or group. */
  name: short.nullable(),
  path: z.string().max(4096).nullable(),
  /** False = it must not be there. */
  present: z.boolean().nullable(),
  content: z.string().max(100_000).nullable(),
  mode: short.nullable(),
  owner: short.nullable(),
  group: short.nullable(),
  validate: script.nullable(),
  target: z.string().max(4096).nullable(),
  line: z.string().max(4096).nullable(),
  replace: short.nullable(),
  running: z.boolean().nullable(),
  enabled: z.boolean().nullable(),
  reloadAfter: names.nullable(),
  reloadBy: z.enum(['reload', 'restart']).nullable(),
  shell: short.nullable(),
  system: z.boolean().nullable(),
  groups: names.nullable(),
  authorizedKeys: z.array(z.string().max(4096)).max(20).nullable(),
  /** Of a command: what it does, the script, and what holds when it is done. */
  title: short.nullable(),
  command: script.nullable(),
  unless: script.nullable(),
  creates: z.string().max(4096).nullable(),
  root: z.boolean().nullable(),
  effects: names.nullable(),
  destructive: z.boolean().nullable(),
  /** Of a command: how it must end, null = with 0; and a text that must be in its output, `*` stands for anything. */
  expectedExitCodes: z.array(z.number()).max(20).nullable(),
  expectedText: z.string().max(500).nullable(),
});
export type FlatState = z.infer<typeof flatStateSchema>;

export const flatStepSchema = z.object({
  id: z.string().max(64),
  title: short,
  why: z.string().max(1000),
  /** Empty = every host of the request. */
  hosts: names,
  dependsOn: names,
  timeoutSeconds: z.number().nullable(),
  /** 0 to 100: of steps that could begin, the higher one does first. */
  priority: z.number().nullable(),
  estimateSeconds: z.number().nullable(),
  prerequisites: z.array(flatCheckSchema).max(20),
  states: z.array(flatStateSchema).max(40),
  checks: z.array(flatCheckSchema).max(20),
  undo: script.nullable(),
});
export type FlatStep = z.infer<typeof flatStepSchema>;

export const planAnswerSchema = z.object({
  goal: z.string().max(1000),
  assumptions: z.array(z.string().max(500)).max(50),
  /** The name of a runbook that does all of it; the steps are then empty. */
  runbook: short.nullable(),
  parameters: z.array(z.object({ name: short, value: z.string().max(4000) })).max(50),
  steps: z.array(flatStepSchema).max(1000),
  /** What must hold on every host in the end; asked by Deckhand itself. */
  done: z.array(flatCheckSchema).max(50),
});
export type PlanAnswer = z.infer<typeof planAnswerSchema>;
