import { meaningHash } from '../../policy/approval.ts';
import { decide, type PolicyMode, type RuleBook } from '../../policy/decide.ts';
import { judgeCommand } from '../../policy/judge.ts';
import type { ChosenCorrection } from './choose.ts';

/** What the policy says of corrections, and which are switched off. */
export interface CorrectionRules {
  /** `off`: what only changes something runs, what may do harm asks, as under `auto`. */
  readonly mode: PolicyMode | 'off';
  readonly book: RuleBook;
  /** Names of rows, or `all`. */
  readonly off: ReadonlySet<string>;
}

/** A correction as the policy sees it; kept in the audit log. */
export interface JudgedCorrection {
  readonly decision: 'run' | 'ask' | 'refuse';
  readonly class: string;
  readonly risks: readonly string[];
  readonly rule: string | null;
  readonly why: string;
  readonly meaning: string;
}

/** What a correction adds to a step is judged like any other command: an approved plan does not cover it. Pure. */
export function judgeCorrection(
  { added, leave }: ChosenCorrection,
  host: string,
  { mode, book }: CorrectionRules,
): JudgedCorrection {
  const verdict = judgeCommand(added);
  const decision = decide(verdict, mode === 'off' ? 'auto' : mode, [host], book);
  const judged = {
    class: verdict.class,
    risks: verdict.risks,
    meaning: meaningHash([host], added, verdict),
  };
  if (decision.decision === 'run' && leave !== null)
    return { ...judged, decision: 'ask', rule: null, why: leave };
  return { ...judged, ...decision };
}
