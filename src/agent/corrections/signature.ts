import type { ErrorCode } from '../../core/error-table.ts';
import type { StepValueKind } from './step-values.ts';

/**
 * A failure known by the exact words its tool prints (there is no better signal: apt and systemctl give one exit
 * code for everything), with the one safe thing to do. Texts are those of LC_ALL=C.UTF-8, where quotes may be
 * ‘typographic’.
 */
export interface FailureSignature {
  readonly id: string;
  /** A group `subject` names what the failure is about; it only chooses among what the step names itself. */
  readonly pattern: RegExp;
  readonly action: Repair | Explanation | Look;
}

/** Something to do before the failed script runs once more, or another way to run it; then it runs exactly once. */
export interface Repair {
  readonly kind: 'repair';
  /** For people: what is wrong and what is done about it. */
  readonly title: string;
  readonly script?: string | FromStep;
  readonly rerun?: Rerun;
  /** Milliseconds. */
  readonly timeout: number;
  /** Why a person must agree, whatever the policy says. */
  readonly leave?: string;
  /** False: worth trying as whoever the step runs as. Default: only when the step runs as root. */
  readonly needsRoot?: boolean;
}

/** A script around one value that the step itself names. It never sees what the host printed. */
export interface FromStep {
  readonly takes: StepValueKind;
  /** Of the value, which is not quoted yet. */
  readonly script: (value: string) => string;
}

/** Another way to run the same script. `prefix`: constant lines before it. `bash`: the same text, read by bash. */
export type Rerun = { readonly prefix: string } | { readonly shell: 'bash' };

export interface Explanation {
  readonly kind: 'explain';
  readonly code: ErrorCode;
  readonly cause: string;
  readonly nextStep: string;
}

/** The cause is written elsewhere: what is read there is looked up again. The subject is a unit's name. */
export interface Look {
  readonly kind: 'look';
  readonly title: string;
  readonly script: (unit: string) => string;
}

const QUICK = 60_000;

export function repair(
  title: string,
  script: string | FromStep,
  more: Partial<Pick<Repair, 'timeout' | 'leave' | 'needsRoot' | 'rerun'>> = {},
): Repair {
  return { kind: 'repair', title, script, timeout: QUICK, ...more };
}

/** The same script again, in other surroundings. */
export function runOtherwise(title: string, rerun: Rerun): Repair {
  return { kind: 'repair', title, rerun, timeout: QUICK, needsRoot: false };
}

export function explain(code: ErrorCode, cause: string, nextStep: string): Explanation {
  return { kind: 'explain', code, cause, nextStep };
}
