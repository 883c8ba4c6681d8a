import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { z } from '../core/schema.ts';
import type { DeployStep } from '../core/model-params.ts';
import type { Site } from '../engines/deploy/site.ts';
import { localSite } from '../engines/deploy/local-site.ts';
import { sshSite } from '../engines/deploy/ssh-site.ts';
import type { StepWatch } from '../engines/deploy/step-log.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import { isOutOfReach } from './moving-task.ts';
import type { TaskKind, TaskWork } from './task-kind.ts';
import { waitForHost } from './wait-for-host.ts';

/** Milliseconds until work whose host went out of reach is tried again. */
const WAIT = 5_000;

/** What work on the place of a deployment is given. */
export interface OnSite {
  readonly site: Site;
  readonly signal: AbortSignal;
  /** Steps as phases and notes of the task. */
  readonly watch: StepWatch;
}

/**
 * One claim of a task about a model server: connects, works, and tries again later when the host went out of
 * reach. Everything it does may be cut off and done again, so nothing else is to be kept in mind.
 */
export async function runOnSite<Params extends { readonly name?: string | undefined }>(
  work: TaskWork<Params>,
  carryOut: (place: OnSite) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Outcome> {
  const { task, clock, cancel, leave, phase, emit } = work;
  const signal = AbortSignal.any([cancel, leave]);
  let isConnected = false;
  try {
    phase('connect');
    const site = await siteFor(work, signal);
    isConnected = true;
    const watch: StepWatch = { clock, signal, onStep: phase, onStepDone: step => emit(noteOf(step)) };
    return { end: 'succeeded', result: await carryOut({ site, signal, watch }) };
  } catch (error) {
    if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
    const text = `${task.title}: cancelled; what was there before serves on`;
    if (cancel.aborted)
      return { end: 'cancelled', error: new DeckhandError('command.cancelled', `${text}.`).toJSON() };
    const failed = toDeckhandError(error);
    if (!isConnected || !isOutOfReach(failed)) throw failed;
    const reason = `${task.host} is out of reach (${failed.code}); what arrived is kept`;
    const { outcome } = await waitForHost(work, { pause: WAIT, reason, error: failed.toJSON() });
    if (outcome === null) throw failed;
    return outcome;
  }
}

async function siteFor<Params extends { readonly name?: string | undefined }>(
  { task, params, hosts, clock }: TaskWork<Params>,
  signal: AbortSignal,
): Promise<Site> {
  if (task.host === null) return localSite(process.env);
  const connection = await hosts.connection(task.host, signal);
  // the same for every task about this name: what an earlier upload brought is gone on with
  return sshSite(connection, { clock, id: `model-${params.name ?? task.id}` });
}

/** The same kind of task for this machine, without SSH: `model.deploy` as `model.deploy-here`. */
export function here<Schema extends z.ZodType>(kind: TaskKind<Schema>): TaskKind<Schema> {
  return {
    ...kind,
    name: `${kind.name}-here`,
    description: `${kind.description} On this machine.`,
    hosts: 'none',
    title: params => kind.title(params, 'this machine'),
  };
}

function noteOf({ name, outcome, duration, text }: DeployStep): {
  readonly kind: 'note';
  readonly text: string;
} {
  return { kind: 'note', text: `${name}: ${outcome} in ${duration} ms: ${text}` };
}
