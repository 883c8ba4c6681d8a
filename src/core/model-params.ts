import type { ErrorCode } from './error-table.ts';
import { z } from './schema.ts';
import { executeParams } from './task-params.ts';

/** What each kind of task about model servers takes and gives. Sizes in bytes, durations in milliseconds. */

/** Safe in paths, units and shells, and the alias that the model is asked for by. */
export const deploymentName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,39}$/, 'letters a-z, digits, dots, dashes and underscores, 40 at most');

const absolutePath = z
  .string()
  .regex(/^\/[^\0\n]*$/, 'an absolute path')
  .max(4096);

export const bundleParams = z.strictObject({
  /** Of Debian. */
  suite: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,30}$/)
    .default('forky'),
  /** Code for every processor, not only for two kinds. */
  allProcessors: z.boolean().default(false),
  refresh: z.boolean().default(false),
  /** An archive of llama.cpp's own releases, in the place of Debian's packages, and what its hash must be. */
  archive: z
    .strictObject({
      path: absolutePath,
      sha256: z.string().regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
    })
    .optional(),
  /** Also copied to this file. */
  output: absolutePath.optional(),
});

export interface BundleResult {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
  /** False: it was in the cache. */
  readonly made: boolean;
  readonly version: string;
  readonly architecture: string;
  readonly packages: readonly { readonly name: string; readonly version: string }[];
}

/** Model servers that are deployed. `command`: whatever a start command of the person's own starts. */
export const deployedEngines = ['llama.cpp', 'ollama', 'command'] as const;
export type DeployedEngine = (typeof deployedEngines)[number];

export const deployParams = z.strictObject({
  name: deploymentName,
  /** Absent: llama.cpp. */
  engine: z.enum(deployedEngines).optional(),
  /** A GGUF file here. A start command may do without, and Ollama where it is to fetch one. */
  model: absolutePath.optional(),
  /**
   * An engine bundle here; absent: the one in the cache, made when it is not there. Ollama's own archive, or one with the
   * program of a start command.
   */
  bundle: absolutePath.optional(),
  /** The start command, text for a POSIX shell on the host. */
  start: z
    .string()
    .min(1)
    .max(8192)
    .regex(/^[^\0]*$/, 'no NUL')
    .optional(),
  /** A path that the started server answers with 200 when it is ready. */
  probe: z
    .string()
    .max(1000)
    .regex(/^\/[\u0021-\u007e]*$/, 'a path that begins with a slash')
    .optional(),
  /** A model of Ollama's library, fetched by the host itself. */
  pull: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/, 'a name of a model, such as llama3.2:1b')
    .optional(),
  /** Tokens; absent: as trained, but no more than 8192. */
  context: z.number().int().min(64).max(10_000_000).optional(),
  /** Absent: the engine decides. */
  threads: z.number().int().min(1).max(1024).optional(),
  /** Requests worked on at once; absent: the engine decides. */
  slots: z.number().int().min(1).max(256).optional(),
  /** `auto`: a socket file where its path is short enough. */
  listen: z.enum(['auto', 'socket', 'port']).default('auto'),
  /** On 127.0.0.1 of the host; absent: a free one. */
  port: z.number().int().min(1).max(65_535).optional(),
  /** `auto`: the first of the others that the account may have. */
  service: z.enum(['auto', 'system', 'user', 'detached']).default('auto'),
  /** A person's yes to what the policy asks about the start command, as of a command that is typed. */
  approval: executeParams.shape.approval,
});
export type DeployParams = z.infer<typeof deployParams>;

export const deploymentParams = z.strictObject({ name: deploymentName });
export const removeParams = z.strictObject({
  name: deploymentName,
  /** Model and engine files stay for the next deployment, also where nothing else uses them. */
  keepFiles: z.boolean().default(false),
});
export const modelLogsParams = z.strictObject({
  name: deploymentName,
  /** Lines from the end. */
  lines: z.number().int().min(1).max(100_000).default(200),
});

/** How a model server is kept running; `detached`: by nobody after a reboot. */
export type ServiceMode = 'system' | 'user' | 'detached';
/** Where it listens on its host; never beyond the loopback. */
export type EngineListen = { readonly path: string } | { readonly host: string; readonly port: number };

/** One deployment as it is remembered. Never a secret. */
export interface Deployment {
  readonly host: string;
  readonly name: string;
  readonly engine: DeployedEngine;
  /** As its bundle or the server itself says; empty: nobody says it. */
  readonly version: string;
  /** Hash of engine, model and settings: equal ones are one release. */
  readonly release: string;
  readonly previous: string | null;
  /** Null: none was brought over. */
  readonly model: {
    readonly sha256: string;
    readonly size: number;
    readonly name: string;
    readonly file: string;
  } | null;
  /** Tokens; 0: as the server decides. */
  readonly context: number;
  readonly service: ServiceMode;
  /** The folder on the host with all that belongs to it. */
  readonly folder: string;
  /** Stays the same when a release takes the place of another. */
  readonly listen: EngineListen;
  /** On the host, readable for its owner alone. */
  readonly keyFile: string;
  readonly params: DeployParams;
  /** Milliseconds since the epoch. */
  readonly deployedAt: number;
}

export interface DeployStep {
  readonly name: 'connect' | 'preflight' | 'directory' | 'payload' | 'start' | 'verify' | 'done';
  /** `skipped`: it was so already. */
  readonly outcome: 'done' | 'skipped';
  readonly duration: number;
  /** What was seen or done, in words. */
  readonly text: string;
}

export interface DeployResult {
  readonly deployment: Deployment;
  readonly steps: readonly DeployStep[];
  /** Bytes of engine and model that travelled. */
  readonly uploaded: number;
  readonly warnings: readonly string[];
  /** What the model said when it was tried; empty: a server that lists no models was not asked. */
  readonly answer: string;
}

export interface RemoveResult {
  readonly name: string;
  /** False: nothing was there. */
  readonly removed: boolean;
  readonly text: string;
}

export interface StatusResult {
  readonly name: string;
  readonly release: string | null;
  readonly service: ServiceMode | null;
  /** As the service manager says it. */
  readonly state: string;
  /** Times it ended and was begun again. */
  readonly restarts: number;
  /** Why it does not run, or does not answer. */
  readonly problem: { readonly code: string; readonly message: string; readonly hint: string } | null;
  readonly pid: number | null;
  /** Bytes of memory. */
  readonly memory: number | null;
  readonly readiness: string;
  readonly models: readonly string[];
  readonly abilities: Readonly<Record<string, boolean>> | null;
  readonly endpoints: readonly EndpointState[];
}

/** What one endpoint answered when it was asked. */
export interface EndpointState {
  readonly path: string;
  /** Null: no answer, or not asked. */
  readonly status: number | null;
  /** Milliseconds. */
  readonly latency: number;
  /** Why there is no answer. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** Why it was not asked. */
  readonly notAsked?: string;
}
