import { newId } from '../core/ids.ts';
import type { Plan } from '../core/plan.ts';
import type { RunEventBody } from '../core/run-event.ts';
import type { PlanPreview, RunReport, StepReport } from '../core/run-report.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { agentRunParams, type AgentRunParams } from '../core/task-params.ts';
import type { NewApproval } from '../store/store.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import type { PlanPolicy } from '../agent/judge-plan.ts';
import { correctionsOf } from './agent-corrections.ts';
import { exhausted, requireTime, RunMemory, workedTime } from './agent-memory.ts';
import { planOf } from './agent-planner.ts';
import type { Round } from './agent-round.ts';
import { PERSON_LIFE, runRounds } from './agent-rounds.ts';
import type { HostDoor, RunPlace } from './host-door.ts';
import type { StepMemory } from './run-steps.ts';
import { type AgentRunPort, type Approval, previewPlan, runPlan } from './plan-run.ts';
import { risksOf } from './plan-approval.ts';
import { outlastLink } from './outlast-link.ts';
import { cancelOnHosts } from './prove-cancel.ts';
import { NO_RETRY, type TaskKind, type TaskWork } from './task-kind.ts';
import { hasWaited, waitForHost } from './wait-for-host.ts';

/** Milliseconds that a yes holds, and rounds of the run that may begin under it. */
const APPROVAL_LIFE = 86_400_000;
const APPROVAL_USES = 3;
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
    const begun = [...begunBefore(work)];
    if (task.begun && cancel.aborted) return await cancelRuns(work, begun);
    try {
      return await carryOutRun(work, begun);
    } catch (error) {
      // wherever it was cut off: what was begun may go on
      if (cancel.aborted && !leave.aborted) return await cancelRuns(work, begun);
      throw error;
    }
  },
};

/** `begun` gets whatever this claim may have begun on hosts. */
async function carryOutRun(work: Work, begun: RunPlace[]): Promise<Outcome> {
  const { cancel, leave } = work;
  // the door knows which of the two it was: a cancel ends what runs on the host, leaving does not
  const signal = AbortSignal.any([cancel, leave]);
  const memory = new RunMemory(work);
  const policy = await policyOf(work);
  const plan = await planOf(work, memory, signal);
  const doors: HostDoor[] = [];
  const dark = new Set<string>();
  const port = portOf(work, { doors, begun, dark, policy, count: stepCounter(work, plan) });
  await continuePaused(work, port);
  work.onPause(async () => await pauseRuns(work, doors));
  if (work.params.mode === 'preview') {
    const preview = await previewPlan(plan, work.params.hosts, port, signal);
    return { end: 'succeeded', result: { preview } };
  }
  const approvalId = newId('approval', work.clock.now());
  const carryOut = async (round: Round): Promise<RunReport> =>
    await runPlan(round.plan, round.hosts, port, optionsOf(work, memory, round, approvalId, signal));
  const interrupted = async (report: RunReport): Promise<Outcome | null> => {
    if (cancel.aborted && !leave.aborted)
      return { ...(await cancelRuns(work, begun)), result: { report } } as Outcome;
    if (leave.aborted) return outcomeOf(work, report);
    return await waitForHosts(work, report, dark);
  };
  try {
    const ended = await runRounds({ work, memory, signal, carryOut, interrupted }, plan);
    return 'end' in ended ? ended : outcomeOf(work, ended);
  } catch (error) {
    if (cancel.aborted || !(error instanceof NotApprovedYet)) throw error;
    return { end: 'approval', approval: approvalOf(error.preview, approvalId, work.clock.now()) };
  }
}

/** What of plans may run here unasked. Throws `input.invalid` when the run's wish is looser than the settings. */
async function policyOf({ params, hosts }: Work): Promise<PlanPolicy> {
  const book = await hosts.rules();
  const { 'policy.mode': set } = hosts.settings;
  const wanted = params.policy;
  // nothing set: a person sees what changes something
  if (set === 'off') return { mode: wanted ?? 'ask', book };
  if (wanted === undefined || wanted === set) return { mode: set, book };
  if (STRICTNESS.indexOf(wanted) < STRICTNESS.indexOf(set)) {
    throw new DeckhandError(
      'input.invalid',
      `policy: '${wanted}' lets more run than the setting policy.mode '${set}'.`,
      { details: { field: 'policy' } },
    );
  }
  return { mode: wanted, book };
}

const STRICTNESS = ['auto', 'ask', 'allow-list', 'read-only'] as const;

function approvalOf(preview: PlanPreview, id: string, now: number): NewApproval {
  const { hash, plan, hosts, commands = [], doubts = [], difference = [] } = preview;
  const names = hosts.map(({ host }) => host);
  return {
    id,
    hash,
    title: titleOf(preview),
    kind: 'plan',
    about: {
      goal: plan.goal,
      hosts: names,
      risks: risksOf(preview),
      commands: commands.slice(0, 200).map(command => ({ ...command, text: command.text.slice(0, 4000) })),
      doubts,
      difference: difference.slice(0, 200),
    },
    uses: APPROVAL_USES,
    expiresAt: now + PERSON_LIFE,
    validFor: APPROVAL_LIFE,
  };
}

function titleOf({ plan, hosts }: PlanPreview): string {
  return `${plan.goal} on ${hosts.map(({ host }) => host).join(', ')}`;
}

function begunBefore({ steps }: Work): readonly RunPlace[] {
  return [...steps].flatMap(([name, { run }]) => (name.startsWith(BEGUN) ? [run as RunPlace] : []));
}

/** What has ended on its host is over already; only the host knows which of them have. */
async function cancelRuns(work: Work, begun: readonly RunPlace[]): Promise<Outcome> {
  return await cancelOnHosts(work, work.hosts.door(), begun);
}

/** Ends the claim until a person has answered. */
class NotApprovedYet extends Error {
  readonly preview: PlanPreview;
  constructor(preview: PlanPreview) {
    super('not approved yet');
    this.preview = preview;
  }
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

interface Underway {
  readonly doors: HostDoor[];
  /** Whatever this attempt may have begun on hosts. */
  readonly begun: RunPlace[];
  /** Hosts that were in reach and did not come back while this claim waited. */
  readonly dark: Set<string>;
  readonly policy: PlanPolicy;
  readonly count: (event: RunEventBody) => void;
}

function portOf(work: Work, { doors, begun, dark, policy, count }: Underway): AgentRunPort {
  const { task, hosts, clock, leave, emit, output } = work;
  const waited = hasWaited(work);
  const reached = task.begun || waited;
  // an earlier claim has waited for a host already: this one only looks whether it is back
  const limit = waited ? TRY_AGAIN : PATIENCE;
  return {
    clock,
    policy,
    audit: async entry => await work.audit(entry),
    corrections: correctionsOf(work, policy),
    concurrency: hosts.settings.concurrency,
    keep: host => ({
      run: task.id,
      undo: hosts.settings['agent.undo'],
      tryLogin: async signal => {
        await using _connection = await hosts.ownConnection(host, { signal });
      },
    }),
    door: host => {
      const door = hosts.door({
        leave,
        reached,
        reattachLimit: limit,
        onGivenUp: () => dark.add(host),
        runId: ({ key }) => (key === undefined ? undefined : `${task.id}-${task.attempt}-${key}`),
        onRun: async run => {
          requireCommands(work, begun.length);
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

/** Throws `planner.budget-exhausted` before a command, or after a time, that is not paid for. */
function requireCommands({ params, task, clock, approved }: Work, begun: number): void {
  const { budget = {} } = params;
  const { commands } = budget;
  if (commands !== undefined && begun >= commands) throw exhausted(`${begun} of ${commands} commands`);
  requireTime(workedTime(task.startedAt, approved, clock.now()), budget);
}

function optionsOf(
  work: Work,
  memory: RunMemory,
  round: Round,
  approvalId: string,
  signal: AbortSignal,
): Parameters<typeof runPlan>[3] {
  const { task, params } = work;
  const approve = params.approve === 'none' ? undefined : approverOf(work);
  return {
    id: task.id,
    signal,
    confirmSteps: params.confirm === 'steps',
    covered: async hash => await isCovered(work, memory, round, hash),
    only: new Set(round.only),
    round: round.number,
    // what one step lost must not be laid at another's door when it is taken back by itself
    stepsAtOnce: work.hosts.settings['agent.undo'] === 'offer' ? work.hosts.settings['agent.steps'] : 1,
    ...(round.earlier ? { earlier: round.earlier } : {}),
    ...(params.approve === 'ask' ? { approvalId } : {}),
    ...(approve ? { approve } : {}),
    memory: host => memoryOf(memory, host, round.number),
  };
}

/** A yes to exactly this plan that has neither expired nor been used up; a round uses it once. */
async function isCovered(
  { approved, clock, useApproval }: Work,
  memory: RunMemory,
  { number }: Round,
  hash: string,
): Promise<boolean> {
  for (const { id, kind, hash: given, uses, validUntil } of approved) {
    const step = `use ${id} ${number}`;
    if (kind !== 'plan' || given !== hash) continue;
    if (memory.get(step)) return true;
    if (uses < 1 || (validUntil !== null && validUntil <= clock.now())) continue;
    await useApproval(id, step);
    memory.note(step);
    return true;
  }
  return false;
}

/** Whole plans wait for a person without a slot; single steps are asked of whoever follows. */
function approverOf({ params, ask }: Work): (approval: Approval) => Promise<'approve' | 'skip' | 'decline'> {
  return async ({ preview, step, host }) => {
    if (!step) {
      // what nobody could have foreseen is not covered by a yes given beforehand
      if (params.approve === 'yes' && (preview.doubts ?? []).length === 0) return 'approve';
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

function memoryOf(memory: RunMemory, host: string, round: number): StepMemory {
  const place = round === 0 ? host : `${host}/${round}`;
  return {
    finished: stepId => memory.get(`${place}/${stepId}`) as StepReport | undefined,
    remember: async report => await memory.keep(`${place}/${report.id}`, { ...report }),
    begun: stepId => memory.get(`began ${place}/${stepId}`) !== undefined,
    begin: async stepId => await memory.keep(`began ${place}/${stepId}`, {}),
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
