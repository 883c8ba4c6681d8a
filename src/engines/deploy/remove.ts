import type { RemoveResult } from '../../core/model-params.ts';
import { quote } from '../../shell/quote.ts';
import { layoutOf } from './layout.ts';
import { HeldLock } from './lock.ts';
import { probe } from './probe.ts';
import { type DeploymentRequest, NOTHING } from './rollback.ts';
import { checked } from './run-checked.ts';
import { removeScript } from './scripts.ts';
import { stopRelease } from './stop-release.ts';

/** Stops and removes a deployment with all that was made for it. Nothing there is no failure. */
export async function remove(
  request: Omit<DeploymentRequest, 'onStep' | 'onStepDone'> & { readonly keepFiles: boolean },
): Promise<RemoveResult> {
  const { site, name, owner, clock, signal, keepFiles } = request;
  const facts = await probe(site, { name, ...NOTHING }, signal);
  const layout = layoutOf(facts.base, name);
  const { exitCode } = await site.run(`[ -d ${quote(layout.home)} ]`, { signal });
  if (exitCode !== 0) return { name, removed: false, text: `no model server ${name} is on ${site.name}` };
  const isRoot = facts.uid === 0;
  await using lock = new HeldLock({ site, layout, owner, clock, isRoot });
  const held = lock.heldDuring(signal);
  await lock.take({ name, ...NOTHING }, facts, held);
  const names = await checked(site, `ls ${quote(layout.releases)}`, 'listing releases', held);
  for (const id of names.split('\n').filter(each => /^[0-9a-f]+$/.test(each)))
    await stopRelease({ site, layout, name, isRoot, signal: held }, id);
  await checked(site, removeScript(layout, keepFiles), 'removing it', held);
  return { name, removed: true, text: `${name} is gone from ${site.name}` };
}
