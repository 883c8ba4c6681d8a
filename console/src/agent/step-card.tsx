import type { JSX } from 'react';
import { type PlannedCommand, type PlannedStep, type PlanPreview, sanitiseText } from 'deckhand/client';
import { Badge } from '../parts/badge.tsx';
import { durationText, plainText } from '../parts/words.ts';
import type { StepState } from './run-story.ts';
import { STEP_LOOKS } from './step-looks.ts';
import type { StepOutcomeView } from './step-outcome.ts';

/** One step: what it makes so, what it touches and risks, and exactly what would run. */
export function StepCard({
  step,
  state,
  preview,
  outcome,
}: {
  readonly step: PlannedStep;
  readonly state: StepState;
  readonly preview: PlanPreview;
  /** Absent until the run is over. */
  readonly outcome: StepOutcomeView | undefined;
}): JSX.Element {
  const commands = (preview.commands ?? []).filter(({ stepId }) => stepId === step.id);
  const pending = preview.hosts.flatMap(({ host, pending: all }) =>
    all.filter(({ stepId }) => stepId === step.id).map(change => ({ host, ...change })),
  );
  return (
    <li id={`step-${step.id}`} className="mb-2 rounded border border-line bg-raised px-3 py-2">
      <h3 className="flex flex-wrap items-baseline gap-x-3">
        <span className="font-medium">{plainText(step.title)}</span>
        <Badge look={STEP_LOOKS[state]} />
        <span className="text-xs text-muted">risk: {step.risk}</span>
        {step.dependsOn.length === 0 ? null : (
          <span className="text-xs text-muted">after {step.dependsOn.join(', ')}</span>
        )}
      </h3>
      <ul className="ml-4 list-disc">
        {step.states.map(text => (
          <li key={text} className="break-words">
            {plainText(text, 500)}
          </li>
        ))}
      </ul>
      <StepFacts step={step} plan={preview.plan} />
      {outcome ? <OutcomeLines outcome={outcome} /> : null}
      {pending.length === 0 ? null : (
        <details className="mt-1">
          <summary className="text-muted">what differs now</summary>
          <ul className="ml-4">
            {pending.flatMap(({ host, state: about, diff }) =>
              diff.map(line => (
                <li key={`${host} ${about} ${line.field}`} className="font-mono text-xs break-all">
                  {host}: {plainText(line.field, 80)}: {plainText(line.before || 'absent', 200)} →{' '}
                  {plainText(line.after, 200)}
                </li>
              )),
            )}
          </ul>
        </details>
      )}
      {commands.length === 0 ? null : (
        <details className="mt-1">
          <summary className="text-muted">what would run</summary>
          <CommandList commands={commands} />
        </details>
      )}
    </li>
  );
}

/** What is promised of it, in rows: results, time, what it touches, the way back. */
function StepFacts({
  step,
  plan,
}: {
  readonly step: PlannedStep;
  readonly plan: PlanPreview['plan'];
}): JSX.Element {
  const { why, undo, hosts } = plan.steps.find(({ id }) => id === step.id) ?? {};
  const effects = step.effects.map(({ kind, subject }) => `${kind} ${subject}`);
  return (
    <dl className="mt-1 grid grid-cols-[auto_1fr] gap-x-3 text-xs">
      <Fact word="why" texts={why === undefined ? [] : [why]} />
      <Fact word="only on" texts={hosts ? [hosts.join(', ')] : []} />
      <Fact word="touches" texts={effects.length === 0 ? [] : [effects.join(', ')]} />
      <Fact word="expects" texts={step.expects ?? []} />
      <Fact
        word="takes about"
        texts={step.estimate === undefined ? [] : [durationText(step.estimate * 1000)]}
      />
      <Fact word="taken back by" texts={undo === undefined ? [] : [undo]} isCode />
      <Fact word="cannot be undone" texts={step.irreversible ?? []} tone="text-warn" />
    </dl>
  );
}

function Fact({
  word,
  texts,
  tone = 'text-muted',
  isCode = false,
}: {
  readonly word: string;
  readonly texts: readonly string[];
  readonly tone?: string;
  readonly isCode?: boolean;
}): JSX.Element | null {
  if (texts.length === 0) return null;
  return (
    <>
      <dt className={tone}>{word}</dt>
      <dd className={`min-w-0 break-words ${isCode ? 'font-mono' : ''}`}>
        {texts.map(text => (
          <p key={text}>{plainText(text, 500)}</p>
        ))}
      </dd>
    </>
  );
}

/** What came of it: what it lost, what was taken back, what still can be. */
function OutcomeLines({
  outcome: { lost, undone, keptOn, uncovered },
}: {
  readonly outcome: StepOutcomeView;
}): JSX.Element {
  return (
    <ul aria-label="what came of it" className="mt-1 text-xs">
      {lost.map(text => (
        <li key={text} data-lost="" className="text-bad">
          <span aria-hidden="true">✗ </span>lost: {plainText(text, 500)}
        </li>
      ))}
      {undone.map(text => (
        <li key={text} className="text-warn">
          <span aria-hidden="true">↶ </span>
          {plainText(text, 500)}
        </li>
      ))}
      {uncovered.map(text => (
        <li key={text} className="text-warn">
          <span aria-hidden="true">! </span>not kept: {plainText(text, 500)}
        </li>
      ))}
      {keptOn.length === 0 ? null : (
        <li data-kept="" className="text-muted">
          <span aria-hidden="true">↶ </span>can be taken back on {plainText(keptOn.join(', '), 200)}
        </li>
      )}
    </ul>
  );
}

/** Commands as they will run, what would not be seen of them made visible, with what the policy says of each. */
export function CommandList({ commands }: { readonly commands: readonly PlannedCommand[] }): JSX.Element {
  return (
    <ul className="space-y-2">
      {commands.map(({ stepId, text, class: found, risks, rule, why, decision }) => (
        <li key={`${stepId} ${text}`}>
          <pre tabIndex={0} className="max-h-60 overflow-auto rounded bg-sunken px-2 py-1 font-mono text-xs">
            {sanitiseText(text)}
          </pre>
          <p className="text-xs text-muted">
            {found}
            {risks.length === 0 ? '' : ` · risks: ${risks.join(', ')}`} · {decision}
            {rule === null ? '' : ` (rule ${plainText(rule, 80)})`}: {plainText(why)}
          </p>
        </li>
      ))}
    </ul>
  );
}
