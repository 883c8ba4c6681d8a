import { type JSX, useState } from 'react';
import { useLocation } from 'wouter';
import { type DeckhandError, type RunReport, toDeckhandError, type UndoPlan } from 'deckhand/client';
import { api, HERE, whyNot } from '../engine/api.ts';
import { useAnswer } from '../engine/use-answer.ts';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { Tick } from '../parts/field.tsx';
import { Overlay } from '../parts/overlay.tsx';
import { countText, plainText } from '../parts/words.ts';
import { changedSteps } from './step-outcome.ts';

/**
 * How a run is taken back, as a plan: what it would do, where, and what it cannot do. Nothing is done here: the plan is
 * looked at on its servers, judged and approved like any other.
 */
export function UndoDialog({
  run,
  report,
  onClose,
}: {
  readonly run: string;
  readonly report: RunReport;
  readonly onClose: () => void;
}): JSX.Element {
  const [, navigate] = useLocation();
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [anyway, setAnyway] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<DeckhandError | null>(null);
  const [barred] = useState(() => whyNot('operate'));
  const steps = changedSteps(report);
  const chosen = steps.filter(({ id }) => !left.has(id)).map(({ id }) => id);
  const wish = { ...(left.size === 0 ? {} : { steps: chosen }), anyway };
  const undo = useAnswer<UndoPlan | null>(`undo ${run} ${JSON.stringify(wish)}`, async () =>
    chosen.length === 0 ? null : await api.undoOfRun(run, wish),
  );
  const begin = async ({ plan, hosts }: UndoPlan): Promise<void> => {
    setBusy(true);
    setError(null);
    try {
      const params = { plan, mode: 'run', approve: 'ask' };
      const submission = { kind: 'agent.run', hosts: hosts.join(','), params, surroundings: HERE };
      const { tasks } = await api.submit(submission);
      if (tasks[0]) navigate(`/agent/${tasks[0].id}`);
    } catch (thrown) {
      setError(toDeckhandError(thrown));
      setBusy(false);
    }
  };
  return (
    <Overlay shape="dialog" title="Undo this run" onClose={onClose}>
      <div className="space-y-3">
        {steps.length < 2 ? null : (
          <fieldset className="space-y-1">
            <legend className="text-xs text-muted">steps to take back</legend>
            {steps.map(({ id, title }) => (
              <Tick
                key={id}
                label={plainText(title, 200)}
                checked={!left.has(id)}
                onChange={wanted =>
                  setLeft(old => new Set(wanted ? [...old].filter(each => each !== id) : [...old, id]))
                }
              />
            ))}
          </fieldset>
        )}
        <Tick label="also what somebody else has changed since" checked={anyway} onChange={setAnyway} />
        {undo.error ? <Fault error={undo.error} /> : undo.value ? <Preview undo={undo.value} /> : null}
        {chosen.length === 0 ? <p className="text-muted">No step is chosen.</p> : null}
        {error ? <Fault error={error} /> : null}
        {barred === null ? null : <p className="text-warn">{barred}</p>}
        <div className="flex flex-wrap items-center gap-2">
          <Button
            look="main"
            busy={busy}
            disabled={undo.value === null || undo.error !== null || undo.asking || barred !== null}
            onClick={() => undo.value && void begin(undo.value)}
          >
            Look at the servers and ask me
          </Button>
          <CopyButton label="copy as CLI" text={commandOf(run, left.size === 0 ? [] : chosen, anyway)} />
        </div>
      </div>
    </Overlay>
  );
}

function Preview({ undo: { plan, hosts, uncovered } }: { readonly undo: UndoPlan }): JSX.Element {
  return (
    <section aria-label="what it would do" className="rounded border border-line bg-raised px-3 py-2">
      <p className="font-medium">{plainText(plan.goal, 500)}</p>
      <p className="mb-1 text-xs text-muted">
        {countText(plan.steps.length, 'step')} on {plainText(hosts.join(', '), 300)}, the latest first;
        nothing runs before you have seen what differs there and said yes
      </p>
      <ol className="ml-5 list-decimal">
        {plan.steps.map(({ id, title }) => (
          <li key={id} className="break-words">
            {plainText(title, 300)}
          </li>
        ))}
      </ol>
      {uncovered.length === 0 ? null : (
        <ul aria-label="what stays" className="mt-2 text-warn">
          {uncovered.map(text => (
            <li key={text}>
              <span aria-hidden="true">! </span>stays as it is: {plainText(text, 500)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function commandOf(run: string, steps: readonly string[], anyway: boolean): string {
  const flags = [...steps.map(step => `--step ${step}`), ...(anyway ? ['--even-if-changed'] : [])];
  return ['deckhand undo', run, ...flags].join(' ');
}
