import type { Privilege, Verdict } from './command-run.ts';
import type { ErrorRecord } from './deckhand-error.ts';
import type { Plan } from './plan.ts';
import type { Effect, PackageChange, Restorable } from './state.ts';

/** What a step did on one host. `unchanged`: everything already held. */
export type StepOutcome = 'unchanged' | 'changed' | 'failed' | 'skipped';

/** One difference between what is and what is wanted. */
export interface DiffLine {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

/** A state that does not hold yet on a host, with the honest difference. */
export interface PendingChange {
  readonly stepId: string;
  readonly state: string;
  readonly diff: readonly DiffLine[];
}

/** What a plan would do on one host: read from the host, nothing changed. */
export interface HostPreview {
  readonly host: string;
  readonly pending: readonly PendingChange[];
  /** Post-conditions that do not hold now. */
  readonly openPostconditions: readonly string[];
  readonly error?: ErrorRecord;
}

/** The plan as a person approves it: `hash` binds hosts, steps and effects. */
export interface PlanPreview {
  readonly plan: Plan;
  readonly hash: string;
  readonly steps: readonly PlannedStep[];
  readonly hosts: readonly HostPreview[];
  /** Everything that would run to change something, as the policy judges it. */
  readonly commands?: readonly PlannedCommand[];
  /** Why a person must see it, whatever was allowed beforehand. */
  readonly doubts?: readonly string[];
  /** What differs from the plan that was shown before, a line each, `+` and `-`. */
  readonly difference?: readonly string[];
}

/** One command of a plan, or what a typed state amounts to, as the policy judges it. */
export interface PlannedCommand {
  readonly stepId: string;
  readonly text: string;
  /** From harmless to never; see `policy/`. */
  readonly class: 'read-only' | 'change' | 'destructive' | 'unknown' | 'forbidden';
  readonly risks: readonly string[];
  readonly decision: 'run' | 'ask' | 'refuse';
  /** The rule that decided; null = the mode, or what no mode lets through. */
  readonly rule: string | null;
  readonly why: string;
  /** Hash of hosts, decoded words and effects. */
  readonly meaning: string;
}

export interface PlannedStep {
  readonly id: string;
  readonly title: string;
  readonly risk: 'none' | Effect['risk'];
  readonly states: readonly string[];
  readonly effects: readonly Effect[];
  readonly dependsOn: readonly string[];
  /** Steps that may run at the same time on one host. */
  readonly beside?: readonly string[];
  /** Seconds, as its author thinks. */
  readonly estimate?: number;
  /** What its commands must end with and print, a line each. */
  readonly expects?: readonly string[];
  /** What cannot be taken back once it ran, a sentence each. */
  readonly irreversible?: readonly string[];
}

/** A change that was carried out, with the command run that did it. */
export interface Change {
  readonly state: string;
  readonly diff: readonly DiffLine[];
  readonly commandRunId: string;
  /** How it ended and what it printed, where something was expected of it. */
  readonly expected?: string;
}

/** A known failure and the one bounded thing that was done about it. */
export interface Correction {
  readonly signature: string;
  readonly title: string;
  /** What was run differently. */
  readonly diff: readonly DiffLine[];
  /** How the policy classed what was added. */
  readonly class: string;
  readonly commandRunId: string;
  readonly failedRunId: string;
}

export interface StepReport {
  readonly id: string;
  readonly title: string;
  readonly outcome: StepOutcome;
  /** Milliseconds. */
  readonly duration: number;
  readonly changes: readonly Change[];
  readonly corrections: readonly Correction[];
  readonly error?: ErrorRecord;
  /** What was kept before it, and what of that is different after it. */
  readonly undo?: StepUndo;
  /** What worked before it and did not after it, a sentence each. */
  readonly regressions?: readonly string[];
  /** What was taken back at once, because the settings say so; absent = nothing. */
  readonly undone?: {
    readonly why: string;
    readonly changes: readonly Change[];
    readonly error?: ErrorRecord;
  };
}

/** One thing that a step changed, as it was and as the step left it. */
export interface UndoSubject {
  /** Of what was kept: names the copy. */
  readonly number: number;
  readonly of: Exclude<Restorable, 'packages'> | 'unit';
  readonly name: string;
  readonly was: string;
  readonly left: string;
}

/** All that is needed to take a step back on one host. */
export interface StepUndo {
  /** Where the host has what was kept: `RUN/STEP`. */
  readonly kept: string;
  readonly privilege: Privilege;
  /** Only what is different after the step. */
  readonly subjects: readonly UndoSubject[];
  readonly packages: readonly PackageChange[];
  /** What cannot be taken back, a sentence each. */
  readonly uncovered: readonly string[];
}

/** A condition Deckhand itself asked of the host, and what the host answered. */
export interface ProofReport {
  readonly title: string;
  readonly holds: boolean;
  readonly evidence: string;
  readonly commandRunId: string;
}

/** Something a plan declares, before and after it: what it was and what it is, in words. */
export interface SnapshotDifference {
  /** `path /etc/motd`, `package nginx`. */
  readonly subject: string;
  readonly before: string;
  readonly after: string;
}

export interface HostReport {
  readonly host: string;
  /** `proved` only when every post-condition was seen to hold. */
  readonly outcome: 'proved' | 'failed';
  readonly changed: number;
  readonly steps: readonly StepReport[];
  readonly proofs: readonly ProofReport[];
  /** Findings of a plan that looks rather than changes: title and text. */
  readonly findings: readonly {
    readonly title: string;
    readonly text: string;
    readonly commandRunId: string;
  }[];
  /** What the plan declares and is different now; absent where nothing was changed. */
  readonly differences?: readonly SnapshotDifference[];
  readonly commandRuns: readonly CommandRunRecord[];
  /** Commands sent to the host, each one round trip. */
  readonly roundTrips: number;
  readonly error?: ErrorRecord;
}

/** A command run as reports keep it: bounded, sanitised text. */
export interface CommandRunRecord {
  readonly id: string;
  readonly purpose: string;
  readonly script: string;
  readonly verdict: Verdict;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly duration: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunReport {
  readonly version: 1;
  readonly id: string;
  readonly intent: string;
  readonly goal: string;
  readonly plan: Plan;
  readonly startedAt: string;
  /** Milliseconds. */
  readonly duration: number;
  readonly outcome: 'proved' | 'failed' | 'declined';
  readonly hosts: readonly HostReport[];
  /** What was decided about steps that failed, in order. */
  readonly decisions?: readonly RunDecision[];
  readonly error?: ErrorRecord;
}

/** What was done about a step that failed on a host, and why. */
export interface RunDecision {
  /** The round of the run that failed, from 0. */
  readonly round: number;
  readonly host: string;
  readonly stepId: string;
  readonly action: string;
  readonly reason: string;
}
