import type { PlanPreview, TaskEvent } from 'deckhand/client';

export type StepState = 'waits' | 'runs' | 'changed' | 'unchanged' | 'failed' | 'skipped';

/** What the events of an agent run tell, put together. Pure. */
export interface RunStory {
  /** The plan as it is now. */
  readonly preview: PlanPreview | null;
  /** How often it was made anew. */
  readonly replans: number;
  /** By step: the worst of what happened to it on any host. */
  readonly steps: ReadonlyMap<string, StepState>;
  /** What was corrected, decided and asked of models, in order. */
  readonly notes: readonly StoryNote[];
  readonly proofs: readonly StoryProof[];
  readonly spent: { readonly calls: number; readonly tokens: number; readonly cost: number | null };
}

export interface StoryNote {
  readonly seq: number;
  readonly time: string;
  readonly title: string;
  readonly text: string;
  readonly tone: 'quiet' | 'warn' | 'bad';
}

export interface StoryProof {
  readonly host: string;
  readonly title: string;
  readonly holds: boolean;
  readonly commandRunId: string;
}

const WORST: readonly StepState[] = ['waits', 'unchanged', 'changed', 'skipped', 'runs', 'failed'];

export function storyOf(events: readonly TaskEvent[]): RunStory {
  let preview: PlanPreview | null = null;
  let replans = -1;
  const onHosts = new Map<string, StepState>();
  const notes: StoryNote[] = [];
  const proofs = new Map<string, StoryProof>();
  const spent = { calls: 0, tokens: 0, cost: null as number | null };
  const note = (event: TaskEvent, title: string, text: string, tone: StoryNote['tone'] = 'quiet'): void => {
    notes.push({ seq: event.seq, time: event.time, title, text, tone });
  };
  for (const event of events) {
    switch (event.kind) {
      case 'plan-ready':
        if (preview?.hash !== event.preview.hash) replans += 1;
        preview = event.preview;
        break;
      case 'step-started':
        onHosts.set(`${event.stepId} ${event.host}`, 'runs');
        break;
      case 'step-completed':
        onHosts.set(`${event.stepId} ${event.host}`, event.outcome);
        break;
      case 'correction':
        note(event, `${event.host}: a known failure (${event.signature})`, event.title, 'warn');
        break;
      case 'decision':
        note(event, `${event.host}, ${event.stepId}: ${event.action}`, event.reason, 'warn');
        break;
      case 'needs-person':
        note(event, `Needs a person: ${event.title}`, event.evidence, 'warn');
        break;
      case 'note':
        note(event, event.text, '');
        break;
      case 'model-answered':
        if (event.replayed) break;
        spent.calls += 1;
        spent.tokens += (event.usage.promptTokens ?? 0) + (event.usage.completionTokens ?? 0);
        if (event.usage.cost !== null) spent.cost = (spent.cost ?? 0) + event.usage.cost;
        note(
          event,
          `${event.role}: ${event.model}`,
          event.error?.message ?? `${event.usage.completionTokens ?? '?'} tokens out`,
          event.error ? 'bad' : 'quiet',
        );
        break;
      case 'proof':
        proofs.set(`${event.host} ${event.proof.title}`, { host: event.host, ...event.proof });
        break;
      default:
    }
  }
  return {
    preview,
    replans: Math.max(0, replans),
    steps: worstOf(onHosts),
    notes,
    proofs: [...proofs.values()],
    spent,
  };
}

function worstOf(onHosts: ReadonlyMap<string, StepState>): ReadonlyMap<string, StepState> {
  const steps = new Map<string, StepState>();
  for (const [key, state] of onHosts) {
    const step = key.slice(0, key.indexOf(' '));
    const before = steps.get(step) ?? 'waits';
    steps.set(step, WORST.indexOf(state) > WORST.indexOf(before) ? state : before);
  }
  return steps;
}
