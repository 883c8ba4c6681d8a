import type { ErrorRecord } from './deckhand-error.ts';
import type { DiffLine, PlanPreview, ProofReport, StepOutcome, StepReport } from './run-report.ts';
import type { OutputStream } from './command-run.ts';
import type { PlanningRole, PlanningUsage } from './planning-model.ts';

/** What happened, in order: the one thing that progress rows, logs and the console are drawn from. */
export type RunEventBody =
  | {
      readonly kind: 'host-phase';
      readonly host: string;
      readonly phase: 'connecting' | 'reading facts' | 'checking' | 'running' | 'proving';
    }
  /** `number` counts the calls of planning models in one attempt. */
  | {
      readonly kind: 'model-asked';
      readonly number: number;
      readonly role: PlanningRole;
      readonly model: string;
    }
  | {
      readonly kind: 'model-answered';
      readonly number: number;
      readonly role: PlanningRole;
      readonly model: string;
      /** Milliseconds. */
      readonly duration: number;
      readonly usage: PlanningUsage;
      readonly requests: number;
      readonly repaired: boolean;
      /** True: an earlier claim had asked the same; nothing was sent. */
      readonly replayed: boolean;
      readonly error?: ErrorRecord;
    }
  | { readonly kind: 'plan-ready'; readonly preview: PlanPreview }
  | {
      readonly kind: 'approval-requested';
      readonly hash: string;
      readonly title: string;
      /** Id of the approval that waits for an answer; absent where the asker is answered directly. */
      readonly approval?: string;
    }
  | {
      readonly kind: 'step-started';
      readonly host: string;
      readonly stepId: string;
      readonly title: string;
      readonly index: number;
      readonly total: number;
    }
  | {
      readonly kind: 'state-applying';
      readonly host: string;
      readonly stepId: string;
      readonly state: string;
    }
  | {
      readonly kind: 'correction';
      readonly host: string;
      readonly stepId: string;
      readonly signature: string;
      readonly title: string;
      /** What will be run differently. */
      readonly diff: readonly DiffLine[];
      /** `approved`: by a person; only with that or `run` is it made. */
      readonly decision: 'run' | 'approved' | 'declined' | 'refuse';
      /** What it adds to the step, as the policy judged it. */
      readonly command: string;
      readonly judged: {
        readonly class: string;
        readonly risks: readonly string[];
        readonly rule: string | null;
        readonly why: string;
        readonly meaning: string;
      };
    }
  | {
      readonly kind: 'step-completed';
      readonly host: string;
      readonly stepId: string;
      readonly outcome: StepOutcome;
      readonly report: StepReport;
    }
  /** What is done about a step that failed: by whom it was decided, and why. */
  | {
      readonly kind: 'decision';
      readonly host: string;
      readonly stepId: string;
      readonly action: string;
      readonly reason: string;
    }
  /** The run does not know further, and waits without a slot until somebody answers the approval. */
  | {
      readonly kind: 'needs-person';
      readonly approval: string;
      readonly title: string;
      /** Sanitised and bounded. */
      readonly evidence: string;
      readonly choices: readonly string[];
    }
  | { readonly kind: 'proof'; readonly host: string; readonly proof: ProofReport }
  | {
      readonly kind: 'host-completed';
      readonly host: string;
      readonly outcome: 'proved' | 'failed';
      readonly error?: ErrorRecord;
    }
  | {
      readonly kind: 'output';
      readonly host: string;
      readonly stream: OutputStream;
      readonly bytes: Uint8Array;
    };

/** `seq` counts from 1 in one request; `time` is ISO 8601. */
export type RunEvent = RunEventBody & {
  readonly seq: number;
  readonly time: string;
  readonly requestId: string;
};
export type OnEvent = (event: RunEvent) => void;
