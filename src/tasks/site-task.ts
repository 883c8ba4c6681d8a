import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { z } from '../core/schema.ts';
import type { DeployStep } from '../core/model-params.ts';
import type { Site } from '../engines/deploy/site.ts';
import { tellsWhatServes } from '../engines/deploy/bring-up.ts';
import { localSite } from '../engines/deploy/local-site.ts';
import { sshSite } from '../engines/deploy/ssh-site.ts';
import { whatServes } from '../engines/deploy/what-serves.ts';
import type { StepWatch } from '../engines/deploy/step-log.ts';
import type { Outcome } from '../queue/executor-protocol.ts';
import { isOutOfReach } from './moving-task.ts';
import type { TaskKind, TaskWork } from './task-kind.ts';
import { waitForHost } from './wait-for-host.ts';

/** Milliseconds until work whose host went out of reach is tried again. */
const WAIT = 5_000;
/** Milliseconds that a look at what a cancelled task left may take. */
const LOOK = 15_000;

/** What work on the place of a deployment is given. */
export interface OnSite {
  readonly site: Site;
  readonly signal: AbortSignal;
  /** Steps as phases and notes of the task. */
  readonly watch: StepWatch;
}

/** What is there now, in words for a person. */
type Left = (site: Site, signal: AbortSignal) => Promise<string>;

/** Of work on a deployment: which release serves. */
export function leftOf({ task, params }: Pick<TaskWork<{ readonly name: string }>, 'task' | 'params'>): Left {
  return async (site, signal) => await whatServes({ name: params.name, owner: task.id, site }, signal);
}

/**
 * One claim of a task about a model server: connects, works, and tries again later when the host went out of
 * reach. Everything it does may be cut off and done again, so nothing else is to be kept in mind. `left`: the work
 * changes something, and what a cancelled one left is looked at.
 */
export async function runOnSite<Params extends { readonly name?: string | undefined }>(
  work: TaskWork<Params>,
  carryOut: (place: OnSite) => Promise<Readonly<Record<string, unknown>>>,
  left?: Left,
): Promise<Outcome> {
  const { task, clock, cancel, leave, phase, emit } = work;
  const signal = AbortSignal.any([cancel, leave]);
  let site: Site | null = null;
  let isBegun = task.begun;
  try {
    phase('connect');
    site = await siteFor(work, signal);
    signal.throwIfAborted();
    if (left) {
      isBegun = true;
      await work.begin(site.name, task.id);
    }
    const onStepDone: StepWatch['onStepDone'] = step => emit(noteOf(step));
    const watch: StepWatch = { clock, signal, cancel, onStep: phase, onStepDone };
    return { end: 'succeeded', result: await carryOut({ site, signal, watch }) };
  } catch (error) {
    if (leave.aborted) return { end: leave.reason === 'paused' ? 'paused' : 'left' };
    const failed = toDeckhandError(error);
    if (cancel.aborted) {
      // a deployment that had begun to change what serves says itself what serves now
      const told = tellsWhatServes(failed) ? failed : await cancelledOf(work, { site, isBegun, left });
      return { end: 'cancelled', error: told.toJSON() };
    }
    if (site === null || !isOutOfReach(failed)) throw failed;
    const reason = `${task.host} is out of reach (${failed.code}); what arrived is kept`;
    const { outcome } = await waitForHost(work, { pause: WAIT, reason, error: failed.toJSON() });
    if (outcome === null) throw failed;
    return outcome;
  }
}

interface CutOff {
  readonly site: Site | null;
  /** By this claim or an earlier one. */
  readonly isBegun: boolean;
  readonly left: Left | undefined;
}

async function cancelledOf<Params extends { readonly name?: string | undefined }>(
  work: TaskWork<Params>,
  cutOff: CutOff,
): Promise<DeckhandError> {
  return new DeckhandError(
    'command.cancelled',
    `${work.task.title}: cancelled${await seenAfter(work, cutOff)}.`,
  );
}

/** An earlier claim may have been cut off anywhere: only what is seen now is said. */
async function seenAfter<Params extends { readonly name?: string | undefined }>(
  work: TaskWork<Params>,
  { site, isBegun, left }: CutOff,
): Promise<string> {
  if (!left) return '';
  if (!isBegun) return ' before anything was changed';
  const signal = AbortSignal.any([AbortSignal.timeout(LOOK), work.force, work.leave]);
  try {
    return `; ${await left(site ?? (await siteFor(work, signal)), signal)}`;
  } catch (thrown) {
    const why = signal.aborted ? 'there was no time' : toDeckhandError(thrown).message.replace(/\.$/, '');
    return `; what it left was not seen: ${why}`;
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
