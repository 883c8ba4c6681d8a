import type { CommandContext } from '@stricli/core';
import type { AuditEntryView, PolicyVerdict } from '../api/access-contract.ts';
import type { TaskApi } from '../api/task-api.ts';
import type { RecordedRunbook, Replay, UndoPlan, UndoWish } from '../core/run-remake.ts';
import type { RunReport } from '../core/run-report.ts';
import type { Surroundings } from '../core/task.ts';
import type { Asker } from './asker.ts';
import type { InterruptWords } from './interrupt.ts';
import type { Terminal } from './terminal.ts';

/** What `demo` gets: it prepares hosts of its own and runs the command line against them. */
export interface DemoSurroundings {
  readonly signal: AbortSignal;
  /** Says something to the person, on stderr. */
  readonly say: (text: string) => void;
  /** Runs `deckhand` with these arguments in this process; gives its exit code. */
  readonly run: (inputs: readonly string[]) => Promise<number>;
}
/** Gives the exit code. */
export type RunDemo = (surroundings: DemoSurroundings) => Promise<number>;

/**
 * How the command line gets at tasks: the daemon, started when none runs (`say` tells that once), or with
 * `local` an engine in this process. Throws `daemon.start-failed`, `daemon.unreachable` or, locally, `store.locked`.
 */
export type OpenTasks = (options: {
  readonly local: boolean;
  readonly say: (text: string) => void;
  /** The name of a program that asks instead of the owner: `mcp:NAME`. */
  readonly as?: string;
}) => Promise<TaskApi>;

/** Serves a model's program on standard input and output until it leaves. */
export type ServeMcp = (options: {
  readonly api: TaskApi;
  readonly surroundings: Surroundings;
  readonly version: string;
  readonly signal: AbortSignal;
}) => Promise<void>;

/** The daemon as `daemon status` tells of it. */
export interface DaemonStatus {
  readonly running: boolean;
  readonly pid: number | null;
  readonly version: string | null;
  /** ISO 8601. */
  readonly startedAt: string | null;
  /** Where it listens, or would. */
  readonly socket: string;
  /** Where it keeps its tasks. */
  readonly store: string;
  readonly logFile: string;
}

/** The daemon of this account's state folder, as a process. Methods throw `DeckhandError`. */
export interface DaemonControl {
  /** Starts it and waits until it answers. `already`: it ran before. */
  start(): Promise<{ readonly status: DaemonStatus; readonly already: boolean }>;
  /** Asks it to stop and waits until it is gone; commands on hosts go on. Null: none ran. */
  stop(): Promise<{ readonly pid: number } | null>;
  status(): Promise<DaemonStatus>;
  /** Writes the last `lines` lines of its log, and with `follow` what comes, until the signal is aborted. */
  logs(options: {
    readonly lines: number;
    readonly follow: boolean;
    readonly signal: AbortSignal;
    readonly write: (text: string) => void;
  }): Promise<void>;
  /** Is the daemon, in this process, until the signal is aborted. Throws `daemon.already-running`. */
  run(options: { readonly signal: AbortSignal; readonly say: (text: string) => void }): Promise<void>;
}

/** The policy and its log, asked without running anything. Methods throw `DeckhandError`. */
export interface PolicyTools {
  explain(command: string, host: string, folder: string): Promise<PolicyVerdict>;
  /** Tries the examples of a file of rules. Throws `policy.rules-invalid`. */
  test(
    file: string,
    folder: string,
  ): Promise<{
    readonly file: string;
    readonly rules: readonly { readonly name: string; readonly decision: string; readonly why: string }[];
    readonly examples: number;
  }>;
  /** Throws `audit.broken`. */
  audit(): Promise<{ readonly folder: string; readonly records: readonly AuditEntryView[] }>;
}

/** What is made of a run that is over, without a host. Methods throw `input.invalid`. */
export interface RunTools {
  /** How it is taken back. Throws `undo.nothing-kept` as well. */
  undo(report: RunReport, wish: UndoWish): Promise<UndoPlan>;
  record(report: RunReport, name?: string): Promise<RecordedRunbook>;
  replay(report: RunReport, signal: AbortSignal): Promise<Replay>;
}

/** What the entry point wires in; everything slow is behind a function. */
export interface CliSurroundings {
  readonly terminal: Terminal;
  readonly openTasks: OpenTasks;
  readonly daemon: DaemonControl;
  readonly runDemo: RunDemo;
  readonly serveMcp: ServeMcp;
  readonly policy: PolicyTools;
  readonly runs: RunTools;
  readonly version: () => Promise<string>;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Null when nobody can be asked. */
  readonly asker: Asker | null;
  /** What a Ctrl-C says from now on; null = the usual. */
  readonly sayOnInterrupt: (words: InterruptWords | null) => void;
}

/** What every command sees as `this`. */
export interface CliContext extends CommandContext {
  readonly surroundings: CliSurroundings;
  /** Says which exit code the process ends with. */
  readonly finish: (exitCode: number) => void;
  /** Runs another command line in this process; gives its exit code. */
  readonly run: (inputs: readonly string[]) => Promise<number>;
}
