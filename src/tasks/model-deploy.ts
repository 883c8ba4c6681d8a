import type { Clock } from '../core/clock.ts';
import {
  deploymentParams,
  deployParams,
  type DeployParams,
  type DeployResult,
} from '../core/model-params.ts';
import { openBundle } from '../engines/bundle/bundle-cache.ts';
import { deploy } from '../engines/deploy/deploy.ts';
import { type DeployPlan, planDeploy } from '../engines/deploy/release.ts';
import { rollback } from '../engines/deploy/rollback.ts';
import { readModel } from '../engines/gguf/read-model.ts';
import { rememberedHash } from '../engines/gguf/remembered-hash.ts';
import { bundleFromCache, cacheFolder } from './model-bundle.ts';
import { runOnSite } from './site-task.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

/** A model server on a host that has nothing but sshd; done again, it only looks. */
export const modelDeploy: TaskKind<typeof deployParams> = {
  name: 'model.deploy',
  description: 'Brings a model and its server to a host, starts it and proves that it serves.',
  schema: deployParams,
  hosts: 'each',
  category: 'model',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ name }, host) => `deploy ${name} to ${host ?? ''}`,
  run: async work => {
    const { task, params, clock, cancel, leave, phase, progress, deployed } = work;
    phase('reading the model');
    const plan = await planOf(params, clock, AbortSignal.any([cancel, leave]), phase);
    return await runOnSite(work, async ({ site, signal, watch }) => {
      const result: DeployResult = await deploy({
        ...watch,
        site,
        plan,
        owner: task.id,
        signal,
        clock,
        onBytes: (done, total, text) => progress({ done: Math.min(done, total), total, unit: 'bytes', text }),
      });
      await deployed(result.deployment);
      return { ...result };
    });
  },
};

/** What can be known to be wrong here is said before any host is spoken to. */
async function planOf(
  params: DeployParams,
  clock: Clock,
  signal: AbortSignal,
  onStage: (stage: string) => void,
): Promise<DeployPlan> {
  const model = await readModel(params.model);
  const bundle =
    params.bundle === undefined
      ? await bundleFromCache({ suite: 'forky', allProcessors: false, refresh: false, signal, onStage })
      : await openBundle(params.bundle, signal);
  onStage('hashing the model');
  const sha256 = await rememberedHash({ path: params.model, cacheFolder: cacheFolder(), clock, signal });
  return planDeploy(params, bundle, { ...model, sha256 });
}

/** The release before the present one serves again. */
export const modelRollback: TaskKind<typeof deploymentParams> = {
  name: 'model.rollback',
  description: 'Lets the release of a model server that was there before serve again.',
  schema: deploymentParams,
  hosts: 'each',
  category: 'model',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ name }, host) => `roll back ${name} on ${host ?? ''}`,
  run: async work =>
    await runOnSite(work, async ({ site, watch }) => {
      const result = await rollback({ ...watch, site, name: work.params.name, owner: work.task.id });
      await work.deployed(result.deployment);
      return { ...result };
    }),
};
