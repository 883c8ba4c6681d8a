/** Flags that several commands share, each described once. */

/** How the result is printed, and where the tasks are. */
export interface OutputFlags {
  readonly json: boolean;
  readonly jsonl: boolean;
  readonly local: boolean;
}

/** How to reach hosts besides. */
export interface CommonFlags extends OutputFlags {
  readonly sshConfig: string | undefined;
  readonly settings: string | undefined;
  readonly askPassword: boolean;
  readonly askSudoPassword: boolean;
  readonly sudoPasswordFile: string | undefined;
  readonly sudoPasswordFd: string | undefined;
  readonly acceptHostKey: boolean;
  readonly timeout: string | undefined;
  readonly idleTimeout: string | undefined;
  readonly concurrency: string | undefined;
  readonly outputLimit: string | undefined;
}

/** What `ask` and `plan` (and, less the intent, `apply`) take. */
export interface IntentFlags extends CommonFlags {
  readonly host: readonly string[];
  readonly set: readonly string[];
  readonly runbook: string | undefined;
  readonly model: string | undefined;
  readonly mode: string | undefined;
  readonly budget: string | undefined;
  readonly noImprove: boolean;
}

/** What only runs that change hosts take. */
export interface ApprovalFlags {
  readonly yes: boolean;
  readonly confirm: boolean;
  readonly noCorrections: boolean;
  readonly report: string | undefined;
}

const text = (input: string): string => input;

export function toggle(brief: string) {
  return { kind: 'boolean', brief, default: false, withNegated: false } as const;
}
export function value(brief: string, placeholder: string) {
  return { kind: 'parsed', parse: text, optional: true, brief, placeholder } as const;
}

/** A flag that may be given several times. */
export function list(brief: string, placeholder: string) {
  return { kind: 'parsed', parse: text, variadic: true, default: [], brief, placeholder } as const;
}

/** One id, as the only positional argument. */
export function idParameter(brief: string) {
  return { kind: 'tuple', parameters: [{ parse: text, brief, placeholder: 'ID' }] } as const;
}

export const outputFlags = {
  json: toggle('Print the result as one JSON document on stdout'),
  jsonl: toggle('Print every event as a JSON line on stdout, the result as the last one'),
  local: toggle('Work in this process, without the daemon'),
} as const;

export const commonFlags = {
  ...outputFlags,
  sshConfig: value('OpenSSH client configuration to read instead of ~/.ssh/config', 'FILE'),
  settings: value('Settings file to read instead of the usual ones', 'FILE'),
  askPassword: toggle('Ask for the login password'),
  askSudoPassword: toggle('Ask for the sudo password (once, for all hosts)'),
  sudoPasswordFile: value('Read the sudo password from the first line of FILE', 'FILE'),
  sudoPasswordFd: value('Read the sudo password from this open file descriptor', 'N'),
  acceptHostKey: toggle('Accept host keys that no known_hosts file has, showing their fingerprints'),
  timeout: value('Longest time for one command: 30s, 5m, 0 = none', 'DURATION'),
  idleTimeout: value('Longest time for one command without output', 'DURATION'),
  concurrency: value('Hosts worked on at once', 'N'),
  outputLimit: value('Most bytes kept of each stream of a command: 1MiB', 'SIZE'),
} as const;

export const commonAliases = { F: 'sshConfig' } as const;

export const intentFlags = {
  ...commonFlags,
  host: {
    kind: 'parsed',
    parse: text,
    variadic: true,
    brief: 'Hosts: names, patterns, @group, !exception, comma separated; repeatable',
    placeholder: 'SELECTOR',
  },
  set: {
    kind: 'parsed',
    parse: text,
    variadic: true,
    default: [],
    brief: 'A runbook parameter, wins over what the intent says; repeatable',
    placeholder: 'NAME=VALUE',
  },
  runbook: value('Run this runbook instead of matching the intent', 'NAME'),
  model: value('Let this model plan, whatever runbook would fit', 'MODEL'),
  mode: value('What may run unasked: read-only, ask, auto or allow-list', 'MODE'),
  budget: value('Most it may use: tokens=50000,cost=1,commands=60,time=10m', 'LIMITS'),
  noImprove: toggle('Give the request to the model as it is written'),
} as const;

export const approvalFlags = {
  yes: toggle('Approve the plan without asking'),
  confirm: toggle('Ask before each step: approve, skip or abort'),
  noCorrections: toggle('Explain a known failure instead of correcting it'),
  report: value('Also write a report; .md, .html, .json, .csv or .txt decides the form', 'FILE'),
} as const;

export const approvalAliases = { y: 'yes' } as const;
