import type { AgentRunParams, ExecuteParams } from '../../core/task-params.ts';
import type { Surroundings } from '../../core/task.ts';
import type { ExecRequest, PlanRequest, RunRequest, Selector } from '../contract.ts';
import type { Submission } from '../task-api.ts';

/** What a person may add to the work: when, how often, how urgent, under which name. */
export type SubmissionExtras = Partial<
  Pick<
    Submission,
    | 'title'
    | 'category'
    | 'tags'
    | 'priority'
    | 'onLost'
    | 'retry'
    | 'runAfter'
    | 'after'
    | 'onDependencyFailed'
    | 'idempotencyKey'
  >
>;

/** What every submission of one command shares. */
export interface SubmissionBase {
  readonly surroundings: Surroundings;
  readonly extras?: SubmissionExtras;
}

/** One command on each selected host: `ssh.execute`. */
export function execSubmission(request: ExecRequest, { surroundings, extras }: SubmissionBase): Submission {
  const { hosts, command, root, direct, timeout, idleTimeout, outputLimit, stdin, approval } = request;
  const params: ExecuteParams = {
    command,
    root,
    direct,
    ...(timeout === undefined ? {} : { timeout }),
    ...(idleTimeout === undefined ? {} : { idleTimeout }),
    ...(outputLimit === undefined ? {} : { outputLimit }),
    ...(approval ? { approval: { hash: approval.hash, risks: [...approval.risks] } } : {}),
  };
  return {
    ...extras,
    kind: 'ssh.execute',
    hosts,
    params,
    surroundings,
    ...(stdin ? { input: stdin } : {}),
  };
}

/** An intent or a plan, only looked at. */
export function previewSubmission(request: PlanRequest, { surroundings }: SubmissionBase): Submission {
  const params: RunParams = {
    ...planParams(request),
    mode: 'preview',
    approve: 'none',
    confirm: 'plan',
    corrections: 'on',
  };
  return { kind: 'agent.run', hosts: request.hosts, params, surroundings };
}

/** An intent or a plan, carried out. `approve` = who says yes; see `AgentRunParams`. */
export function runSubmission(
  request: RunRequest,
  approve: AgentRunParams['approve'],
  { surroundings, extras }: SubmissionBase,
): Submission {
  const { confirm, corrections = true } = request;
  const params: RunParams = {
    ...planParams(request),
    mode: 'run',
    approve,
    confirm,
    corrections: corrections ? 'on' : 'off',
  };
  return { ...extras, kind: 'agent.run', hosts: request.hosts, params, surroundings };
}

/** A question to each selected host that changes nothing there. */
export function askHostsSubmission(
  kind: 'ssh.connect' | 'host.facts' | 'host.doctor',
  hosts: Selector,
  params: Readonly<Record<string, unknown>>,
  { surroundings }: SubmissionBase,
): Submission {
  return { kind, hosts, params, surroundings };
}

/** The hosts are filled in by the engine, from the selector. */
type RunParams = Omit<AgentRunParams, 'hosts'>;

function planParams({
  intent,
  plan,
  parameters,
  runbook,
  model,
  policy,
  budget,
  improve,
  earlier,
}: PlanRequest): Omit<RunParams, 'mode' | 'approve' | 'confirm' | 'corrections'> {
  return {
    parameters: { ...parameters },
    ...(intent === undefined ? {} : { intent }),
    ...(plan === undefined ? {} : { plan }),
    ...(runbook === undefined ? {} : { runbook }),
    ...(model === undefined ? {} : { model }),
    ...(policy === undefined ? {} : { policy }),
    ...(budget === undefined ? {} : { budget: { ...budget } }),
    ...(improve === undefined ? {} : { improve }),
    ...(earlier === undefined ? {} : { earlier: earlier.map(one => ({ ...one })) }),
  };
}
