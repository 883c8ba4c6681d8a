import { type JSX, useState } from 'react';
import { Link, useParams } from 'wouter';
import { isFinal } from 'deckhand/client';
import { Badge, TONES } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { Fault } from '../parts/fault.tsx';
import { ScreenFrame } from '../parts/screen.tsx';
import { TASK_LOOKS } from '../parts/states.ts';
import { countText, plainText } from '../parts/words.ts';
import { QuestionForm } from '../fleet/question-form.tsx';
import { useEvents, useRun, useTask } from '../run/use-run.ts';
import { ReportMenu } from '../run/report-menu.tsx';
import { SteerButtons } from '../tasks/steer-buttons.tsx';
import { ApprovalCard } from './approval-card.tsx';
import { PlanGraph } from './plan-graph.tsx';
import { type RunStory, storyOf } from './run-story.ts';
import { StepCard } from './step-card.tsx';
import { changedSteps, outcomesOf, reportOf, type StepOutcomeView } from './step-outcome.ts';
import { StepQuestion } from './step-question.tsx';
import { UndoDialog } from './undo-dialog.tsx';
import { useApprovals } from './use-approvals.ts';
import { useQuestions } from './use-questions.ts';

/** One run of the agent: what it plans, what it asks, what it did, and what was proved. */
export default function AgentRunScreen(): JSX.Element {
  const { id } = useParams<{ id: string }>();
  const run = useRun(id);
  const task = run.value?.find(each => each.id === id) ?? null;
  const story = storyOf(useEvents(task));
  const approvals = useApprovals(task);
  const { questions, answer } = useQuestions(task);
  const report = reportOf(useTask(task).value?.result);
  const [undoes, setUndoes] = useState(false);
  const isUndoable =
    task !== null && isFinal(task.state) && report !== null && changedSteps(report).length > 0;
  if (run.error && !task)
    return (
      <div className="p-4">
        <h1 className="sr-only">Agent run</h1>
        <Fault error={run.error} />
      </div>
    );
  return (
    <ScreenFrame
      title={plainText(task?.title ?? '…', 200)}
      actions={
        task ? (
          <>
            <span data-verdict={task.state}>
              <Badge look={TASK_LOOKS[task.state]} />
            </span>
            <SteerButtons tasks={[task]} ids={[task.group]} />
            {isUndoable ? <Button onClick={() => setUndoes(true)}>Undo …</Button> : null}
            <ReportMenu task={task.id} />
            <Link href={`/runs/${id}?tab=events`} className="underline">
              log and events
            </Link>
            <CopyButton
              label="copy as CLI"
              text={isFinal(task.state) ? `deckhand report ${id}` : `deckhand task logs -f ${id}`}
            />
          </>
        ) : null
      }
    >
      {(approvals.value ?? []).map(approval => (
        <ApprovalCard
          key={approval.id}
          approval={approval}
          preview={approval.kind === 'plan' ? story.preview : null}
          onDecided={approvals.reload}
          mayLast
        />
      ))}
      {questions.map(question => (
        <div key={question.id} className="m-4">
          {question.ask === 'approve-step' ? (
            <StepQuestion question={question} onAnswer={text => answer(question, text)} />
          ) : (
            <QuestionForm question={question} onAnswer={text => answer(question, text)} />
          )}
        </div>
      ))}
      {task?.error ? (
        <div className="px-4">
          <Fault error={task.error} />
        </div>
      ) : null}
      <Plan story={story} outcomes={outcomesOf(report)} />
      <Story story={story} />
      {undoes && report ? <UndoDialog run={id} report={report} onClose={() => setUndoes(false)} /> : null}
    </ScreenFrame>
  );
}

function Plan({
  story: { preview, replans, steps },
  outcomes,
}: {
  readonly story: RunStory;
  readonly outcomes: ReadonlyMap<string, StepOutcomeView>;
}): JSX.Element | null {
  if (!preview) return <p className="p-4 text-muted">There is no plan yet.</p>;
  const { plan } = preview;
  return (
    <section aria-label="plan" className="px-4 py-3">
      <h2 className="text-base font-semibold">{plainText(plan.goal, 500)}</h2>
      <p className="mb-2 text-muted">
        {countText(preview.steps.length, 'step')} on {countText(preview.hosts.length, 'server')}
        {plan.runbook ? ` · runbook ${plainText(plan.runbook.name, 80)}, no model asked` : ''}
        {replans > 0 ? ` · planned anew ${countText(replans, 'time')}` : ''}
      </p>
      {plan.assumptions.length === 0 ? null : (
        <ul aria-label="assumptions" className="mb-2 ml-4 list-disc text-muted">
          {plan.assumptions.map(text => (
            <li key={text}>{plainText(text)}</li>
          ))}
        </ul>
      )}
      <PlanGraph steps={preview.steps} states={steps} outcomes={outcomes} />
      <ol className="mt-3">
        {preview.steps.map(step => (
          <StepCard
            key={step.id}
            step={step}
            state={steps.get(step.id) ?? 'waits'}
            preview={preview}
            outcome={outcomes.get(step.id)}
          />
        ))}
      </ol>
    </section>
  );
}

function Story({ story: { notes, proofs, spent } }: { readonly story: RunStory }): JSX.Element {
  return (
    <>
      {proofs.length === 0 ? null : (
        <section aria-label="proofs" className="px-4 py-2">
          <h2 className="text-base font-semibold">Proved on the server</h2>
          <ul>
            {proofs.map(({ host, title, holds, commandRunId }) => (
              <li key={`${host} ${title}`} className={holds ? TONES.good : TONES.bad} title={commandRunId}>
                {holds ? '✓' : '✗'} {plainText(host, 80)}: {plainText(title)}
              </li>
            ))}
          </ul>
        </section>
      )}
      {notes.length === 0 ? null : (
        <section aria-label="what happened" className="px-4 py-2">
          <h2 className="text-base font-semibold">What happened</h2>
          {spent.calls === 0 ? null : (
            <p className="text-muted">
              {countText(spent.calls, 'question')} to models, {spent.tokens.toLocaleString('en')} tokens
              {spent.cost === null ? '' : `, cost ${spent.cost.toFixed(4)}`}
            </p>
          )}
          <ol>
            {notes.map(({ seq, title, text, tone }) => (
              <li key={seq} className={TONES[tone]}>
                {plainText(title)}
                {text === '' ? null : <span className="text-muted"> · {plainText(text)}</span>}
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  );
}
