import { toDeckhandError } from '../core/deckhand-error.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { DeployStep } from '../core/model-params.ts';
import type { Site } from '../engines/deploy/site.ts';
import { sshSite } from '../engines/deploy/ssh-site.ts';
import type { StepWatch } from '../engines/deploy/step-log.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import { isOutOfReach } from './moving-task.ts';
import type { TaskWork } from './task-kind.ts';

/** Milliseconds until work whose host went out of reach is tried again. */
const WAIT_FOR_HOST = 5_000;

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
export async function runOnSite<Params extends { readonly name: string }>(
  work: TaskWork<Params>,
  carryOut: (place: OnSite) => Promise<Readonly<Record<string, unknown>>>,
): Promise<Outcome> {
  const { task, params, hosts, clock, cancel, leave, phase, emit } = work;
  const signal = AbortSignal.any([cancel, leave]);
  const host = task.host ?? '';
  let isConnected = false;
  try {
    phase('connect');
    const connection = await hosts.connection(host, signal);
    isConnected = true;
    // the same for every task about this name: what an earlier upload brought is gone on with
    const site = sshSite(connection, { clock, id: `model-${params.name}` });
    const watch: StepWatch = { clock, signal, onStep: phase, onStepDone: step => emit(noteOf(step)) };
    return { end: 'succeeded', result: await carryOut({ site, signal, watch }) };
  } catch (error) {
    if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
    const text = `${task.title}: cancelled; what was there before serves on`;
    if (cancel.aborted)
      return { end: 'cancelled', error: new DeckhandError('command.cancelled', `${text}.`).toJSON() };
    const failed = toDeckhandError(error);
    if (isConnected && isOutOfReach(failed)) return await waitForHost(work, failed);
    throw failed;
  }
}

function noteOf({ name, outcome, duration, text }: DeployStep): {
  readonly kind: 'note';
  readonly text: string;
} {
  return { kind: 'note', text: `${name}: ${outcome} in ${duration} ms: ${text}` };
}

async function waitForHost<Params>(work: TaskWork<Params>, error: DeckhandError): Promise<Outcome> {
  const { task, steps, clock, hosts, remember } = work;
  const since = Number(steps.get('out-of-reach')?.['since'] ?? clock.now());
  if (clock.now() - since > hosts.settings['timeouts.lost']) throw error;
  await remember('out-of-reach', { since });
  return {
    end: 'later',
    pause: WAIT_FOR_HOST,
    reason: `${task.host} is out of reach (${error.code}); what arrived is kept`,
    error: error.toJSON(),
  };
}
