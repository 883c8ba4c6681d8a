import { DeckhandError } from '../../core/deckhand-error.ts';
import { deployParams, type DeployResult } from '../../core/model-params.ts';
import { quote } from '../../shell/quote.ts';
import { type BringUp, bringUp, deploymentOf } from './bring-up.ts';
import { layoutOf } from './layout.ts';
import { HeldLock } from './lock.ts';
import { probe } from './probe.ts';
import { checked, readRelease } from './run-checked.ts';
import type { Site } from './site.ts';
import { StepLog, type StepWatch } from './step-log.ts';

export interface DeploymentRequest extends StepWatch {
  readonly site: Site;
  readonly name: string;
  /** Of the task: who holds the lock. */
  readonly owner: string;
  /** As in `BringUp`. */
  readonly onServing?: BringUp['onServing'];
}

/** Asks only for the machine and for what is current. */
export const NOTHING = { engine: '-', model: '-', modelSize: 0 };

/** The release before the present one serves again; it is proved first, as in a deployment. Throws `model.no-rollback`. */
export async function rollback(request: DeploymentRequest): Promise<DeployResult> {
  const { site, name, owner, clock, signal } = request;
  const steps = new StepLog(request);
  const ask = async () => await probe(site, { name, ...NOTHING }, signal);
  const first = await steps.step('connect', async () => [await ask(), site.name]);
  const layout = layoutOf(first.base, name);
  if (first.current === null) throw unknownDeployment(site, name);
  await using lock = new HeldLock({ site, layout, owner, clock, isRoot: first.uid === 0 });
  const held = lock.heldDuring(signal);
  const facts = await steps.step('directory', async () => [
    await lock.take({ name, ...NOTHING }, first, held),
    layout.home,
  ]);
  const release = facts.previous === null ? null : await readRelease(site, layout, facts.previous, held);
  if (release === null)
    throw new DeckhandError('model.no-rollback', `${site.name}: ${name} has no earlier release.`);
  const text = await checked(
    site,
    `cat ${quote(`${layout.releases}/${release.id}/params.json`)}`,
    'reading the earlier release',
    held,
  );
  const params = deployParams.parse(JSON.parse(text));
  const place = { layout, release, params, user: facts.user, isRoot: facts.uid === 0 };
  const free = Math.min(facts.memoryAvailable, facts.groupMemory ?? Number.POSITIVE_INFINITY);
  const { answer, version, warnings } = await bringUp({
    ...request,
    signal: held,
    steps,
    place,
    facts,
    instead: release.estimate > free,
  });
  const deployment = deploymentOf(place, facts, { host: site.name, version, now: clock.now() });
  return { deployment, steps: steps.steps, uploaded: 0, warnings, answer };
}

export function unknownDeployment(site: Site, name: string): DeckhandError {
  return new DeckhandError('model.unknown-deployment', `${site.name}: no model server ${name} is deployed.`, {
    details: { host: site.name, name },
  });
}
