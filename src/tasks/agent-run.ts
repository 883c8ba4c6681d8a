import { newId } from '../core/ids.ts';
import type { Plan } from '../core/plan.ts';
import type { RunEventBody } from '../core/run-event.ts';
import type { PlanPreview, RunReport, StepReport } from '../core/run-report.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { agentRunParams, type AgentRunParams } from '../core/task-params.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import type { HostDoor, RunPlace } from './host-door.ts';
import type { StepMemory } from './host-run.ts';
import { type AgentRunPort, type Approval, previewPlan, runPlan } from './plan-run.ts';
import { outlastLink } from './outlast-link.ts';
import { cancelOnHosts } from './prove-cancel.ts';
import { NO_RETRY, type TaskKind, type TaskWork } from './task-kind.ts';
import { hasWaited, waitForHost } from './wait-for-host.ts';

/** Milliseconds that an approval waits for a person: a week. */
const APPROVAL_LIFE = 7 * 86_400_000;
/** Milliseconds that a claim tries to get a lost link back, the first and every later one; and between two of them. */
const PATIENCE = 45_000;
const TRY_AGAIN = 10_000;
const WAIT = 10_000;

type Work = TaskWork<AgentRunParams>;

/** How what was begun on a host is remembered, before its id. */
const BEGUN = 'begun ';

/** An intent or a plan, carried out and proved on every selected host. A later claim redoes no finished step. */
export const agentRun: TaskKind<typeof agentRunParams> = {
  name: 'agent.run',
  description: 'Plans an intent, carries the plan out on hosts and proves that it holds.',
  schema: agentRunParams,
  hosts: 'together',
  category: 'agent',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ intent, plan, runbook, mode }) =>
    `${mode === 'preview' ? 'preview: ' : ''}${intent ?? plan?.goal ?? runbook ?? ''}`,
  retryParams(params, result) {
    const report = result?.['report'] as RunReport | undefined;
    const failed = (report?.hosts ?? [])
      .filter(({ outcome }) => outcome === 'failed')
      .map(({ host }) => host);
    return failed.length === 0 ? params : { ...params, hosts: failed };
  },
  async run(work) {
    const { task, cancel, leave } = work;
    if (task.begun && cancel.aborted) return await cancelRuns(work, begunBefore(work));
    const plan = await planOf(work);
    const doors: HostDoor[] = [];
    const begun = [...begunBefore(work)];
    const dark = new Set<string>();
    const port = portOf(work, { doors, begun, dark, count: stepCounter(work, plan) });
    await continuePaused(work, port);
    work.onPause(async () => await pauseRuns(work, doors));
    // the door knows which of the two it was: a cancel ends what runs on the host, leaving does not
    const signal = AbortSignal.any([cancel, leave]);
    if (work.params.mode === 'preview') {
      const preview = await previewPlan(plan, work.params.hosts, port, signal);
      return { end: 'succeeded', result: { preview } };
    }
    const approvalId = newId('approval', work.clock.now());
    try {
      const report = await runPlan(plan, work.params.hosts, port, optionsOf(work, approvalId, signal));
      if (cancel.aborted && !leave.aborted && report.outcome !== 'proved')
        return { ...(await cancelRuns(work, begun)), result: { report } } as Outcome;
      return (await waitForHosts(work, report, dark)) ?? outcomeOf(work, report);
    } catch (error) {
      if (cancel.aborted && !leave.aborted) return await cancelRuns(work, begun);
      if (!(error instanceof NotApprovedYet)) throw error;
      const { hash, title } = error;
      const expiresAt = work.clock.now() + APPROVAL_LIFE;
      return { end: 'approval', approval: { id: approvalId, hash, title, expiresAt } };
    }
  },
};

function begunBefore({ steps }: Work): readonly RunPlace[] {
  return [...steps].flatMap(([name, { run }]) => (name.startsWith(BEGUN) ? [run as RunPlace] : []));
}

/** What has ended on its host is over already; only the host knows which of them have. */
async function cancelRuns(work: Work, begun: readonly RunPlace[]): Promise<Outcome> {
  return await cancelOnHosts(work, work.hosts.door(), begun);
}

/** Ends the claim until a person has answered. */
class NotApprovedYet extends Error {
  readonly hash: string;
  readonly title: string;
  constructor({ hash, plan, hosts }: PlanPreview) {
    super('not approved yet');
    this.hash = hash;
    this.title = `${plan.goal} on ${hosts.map(({ host }) => host).join(', ')}`;
  }
}

/** The plan is made once: what a person approved is what later claims carry out. */
async function planOf({ params, steps, hosts, remember }: Work): Promise<Plan> {
  if (params.plan) return params.plan;
  const known = steps.get('plan')?.['plan'];
  if (known) return known as Plan;
  const plan = await hosts.plan({
    intent: params.intent ?? '',
    parameters: params.parameters,
    runbook: params.runbook,
  });
  await remember('plan', { plan });
  return plan;
}

/** Steps finished on all hosts, of all there are: told with each that begins or ends (Q22). */
function stepCounter({ params, progress }: Work, plan: Plan): (event: RunEventBody) => void {
  const total = plan.steps.length * params.hosts.length;
  let done = 0;
  return event => {
    if (event.kind !== 'step-started' && event.kind !== 'step-completed') return;
    if (event.kind === 'step-completed') done += 1;
    const title = event.kind === 'step-started' ? event.title : event.report.title;
    progress({ done, total, unit: 'steps', text: `${event.host}: ${title}` });
  };
}

interface RunMemory {
  readonly doors: HostDoor[];
  /** Whatever this attempt may have begun on hosts. */
  readonly begun: RunPlace[];
  /** Hosts that were in reach and did not come back while this claim waited. */
  readonly dark: Set<string>;
  readonly count: (event: RunEventBody) => void;
}

function portOf(work: Work, { doors, begun, dark, count }: RunMemory): AgentRunPort {
  const { task, hosts, clock, leave, emit, output } = work;
  const waited = hasWaited(work);
  const reached = task.begun || waited;
  // an earlier claim has waited for a host already: this one only looks whether it is back
  const limit = waited ? TRY_AGAIN : PATIENCE;
  return {
    clock,
    concurrency: hosts.settings.concurrency,
    door: host => {
      const door = hosts.door({
        leave,
        reached,
        reattachLimit: limit,
        onGivenUp: () => dark.add(host),
        runId: ({ key }) => (key === undefined ? undefined : `${task.id}-${task.attempt}-${key}`),
        onRun: async run => {
          begun.push(run);
          await Promise.all([work.begin(run.host, run.id), work.remember(`${BEGUN}${run.id}`, { run })]);
        },
      });
      doors.push(door);
      return door;
    },
    abilities: async (host, signal) => {
      // a host that was never in reach is told at once
      if (!reached) await hosts.connect(host, signal);
      const options = { clock, signal, limit, onGivenUp: () => dark.add(host) };
      return await outlastLink(options, async () => await hosts.abilities(host, signal));
    },
    emit: event => {
      if (event.kind === 'output') void output(event.stream, event.bytes);
      else {
        emit(event);
        count(event);
      }
    },
  };
}

function optionsOf(work: Work, approvalId: string, signal: AbortSignal): Parameters<typeof runPlan>[3] {
  const { task, params, approved } = work;
  const approve = params.approve === 'none' ? undefined : approverOf(work);
  return {
    id: task.id,
    signal,
    confirmSteps: params.confirm === 'steps',
    approved: new Set(approved),
    ...(params.approve === 'ask' ? { approvalId } : {}),
    ...(approve ? { approve } : {}),
    memory: host => memoryOf(work, host),
  };
}

/** Whole plans wait for a person without a slot; single steps are asked of whoever follows. */
function approverOf({ params, ask }: Work): (approval: Approval) => Promise<'approve' | 'skip' | 'decline'> {
  return async ({ preview, step, host }) => {
    if (!step) {
      if (params.approve === 'yes') return 'approve';
      throw new NotApprovedYet(preview);
    }
    const { hash } = preview;
    const answer = await ask({
      ask: 'approve-step',
      host: host ?? '',
      hash,
      stepId: step.id,
      title: `${step.title} on ${host}`,
    });
    return answer === 'approve' || answer === 'skip' ? answer : 'decline';
  };
}

function memoryOf({ steps, remember }: Work, host: string): StepMemory {
  return {
    finished: stepId => steps.get(`${host}/${stepId}`) as StepReport | undefined,
    remember: async report => await remember(`${host}/${report.id}`, { ...report }),
  };
}

/** Every command of the run that goes on somewhere is stopped there. */
async function pauseRuns({ remember, cancel }: Work, doors: readonly HostDoor[]): Promise<void> {
  const runs = doors.flatMap(door => door.active.map(run => ({ door, run })));
  await remember('paused', { runs: runs.map(({ run }) => run) });
  await Promise.all(runs.map(async ({ door, run }) => await door.pause(run, cancel)));
}

async function continuePaused({ steps, cancel }: Work, port: AgentRunPort): Promise<void> {
  const runs = (steps.get('paused')?.['runs'] ?? []) as readonly RunPlace[];
  await Promise.all(runs.map(async run => await port.door(run.host).resume(run, cancel)));
}

/** A host went dark under the run: it waits without a slot and goes on where it was, until that took too long. */
async function waitForHosts(
  work: Work,
  { outcome: end, error }: RunReport,
  dark: ReadonlySet<string>,
): Promise<Outcome | null> {
  if (dark.size === 0 || end !== 'failed' || work.cancel.aborted || work.leave.aborted) return null;
  const reason = `out of reach: ${[...dark].join(', ')}`;
  const { outcome } = await waitForHost(work, { pause: WAIT, reason, ...(error ? { error } : {}) });
  return outcome;
}

function outcomeOf({ leave }: Work, report: RunReport): Outcome {
  if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
  const result = { report };
  if (report.outcome === 'proved') return { end: 'succeeded', result };
  const error =
    report.error ?? new DeckhandError('internal.defect', 'The run failed without saying why.').toJSON();
  return { end: 'failed', error, result };
}
