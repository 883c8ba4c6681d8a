import type { JSX } from 'react';
import type { PlannedCommand, PlannedStep, PlanPreview } from 'deckhand/client';
import { Badge } from '../parts/badge.tsx';
import { plainText } from '../parts/words.ts';
import type { StepState } from './run-story.ts';
import { STEP_LOOKS } from './step-looks.ts';

/** One step: what it makes so, what it touches and risks, and exactly what would run. */
export function StepCard({
  step,
  state,
  preview,
}: {
  readonly step: PlannedStep;
  readonly state: StepState;
  readonly preview: PlanPreview;
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

/** Commands as they will run, to the byte, with what the policy says of each. */
export function CommandList({ commands }: { readonly commands: readonly PlannedCommand[] }): JSX.Element {
  return (
    <ul className="space-y-2">
      {commands.map(({ stepId, text, class: found, risks, rule, why, decision }) => (
        <li key={`${stepId} ${text}`}>
          <pre tabIndex={0} className="max-h-60 overflow-auto rounded bg-sunken px-2 py-1 font-mono text-xs">
            {text}
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
