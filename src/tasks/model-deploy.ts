import type { Clock } from '../core/clock.ts';
import {
  deploymentParams,
  deployParams,
  type DeployParams,
  type DeployResult,
} from '../core/model-params.ts';
import { openBundle } from '../engines/bundle/bundle-cache.ts';
import { archiveOfBundle, type EngineArchive } from '../engines/bundle/engine-archive.ts';
import { foreignArchive } from '../engines/bundle/foreign-archive.ts';
import { deploy } from '../engines/deploy/deploy.ts';
import { kindOf } from '../engines/deploy/kinds/kind-of.ts';
import { OLLAMA_PROGRAM } from '../engines/deploy/kinds/ollama.ts';
import { type DeployPlan, planDeploy } from '../engines/deploy/release.ts';
import { rollback } from '../engines/deploy/rollback.ts';
import { readModel } from '../engines/gguf/read-model.ts';
import { rememberedHash } from '../engines/gguf/remembered-hash.ts';
import { bundleFromCache, cacheFolder } from './model-bundle.ts';
import { leftOf, runOnSite } from './site-task.ts';
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
    const { task, hosts, clock, cancel, leave, phase, progress, deployed } = work;
    // a yes holds for this time only, and is no setting
    const { approval: _approval, ...params } = work.params;
    phase('reading the model');
    const stage = { clock, signal: AbortSignal.any([cancel, leave]), onStage: phase };
    const model = await checkedModel(params);
    // on its way while engine and model are read; whoever needs it says why it cannot be had
    if (task.host !== null) hosts.connection(task.host, stage.signal).catch(() => undefined);
    const plan = await planOf(params, model, stage);
    return await runOnSite(
      work,
      async ({ site, signal, watch }) => {
        const result: DeployResult = await deploy({
          ...watch,
          site,
          plan,
          owner: task.id,
          signal,
          clock,
          onServing: deployed,
          onBytes: (done, total, text) =>
            progress({ done: Math.min(done, total), total, unit: 'bytes', text }),
        });
        await deployed(result.deployment);
        return { ...result };
      },
      leftOf(work),
    );
  },
};

interface Stage {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onStage: (stage: string) => void;
}

type LocalModel = Awaited<ReturnType<typeof readModel>>;

/** What can be seen at once to be wrong here is said before any host is spoken to. */
async function checkedModel(params: DeployParams): Promise<LocalModel | null> {
  kindOf(params.engine).check(params);
  return params.model === undefined ? null : await readModel(params.model);
}

async function planOf(params: DeployParams, model: LocalModel | null, stage: Stage): Promise<DeployPlan> {
  const archive = await archiveFor(params, stage);
  if (model === null) return planDeploy(params, archive, null);
  stage.onStage('hashing the model');
  const sha256 = await rememberedHash({ path: model.path, cacheFolder: cacheFolder(), ...stage });
  return planDeploy(params, archive, { ...model, sha256 });
}

async function archiveFor(
  { engine = 'llama.cpp', bundle }: DeployParams,
  stage: Stage,
): Promise<EngineArchive | null> {
  if (engine !== 'llama.cpp') {
    const program = engine === 'ollama' ? OLLAMA_PROGRAM : null;
    return bundle === undefined
      ? null
      : await foreignArchive({ path: bundle, program, cacheFolder: cacheFolder(), ...stage });
  }
  const made =
    bundle === undefined
      ? await bundleFromCache({ suite: 'forky', allProcessors: false, refresh: false, ...stage })
      : await openBundle(bundle, stage.signal);
  return archiveOfBundle(made);
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
    await runOnSite(
      work,
      async ({ site, watch }) => {
        const { name } = work.params;
        const result = await rollback({
          ...watch,
          site,
          name,
          owner: work.task.id,
          onServing: work.deployed,
        });
        await work.deployed(result.deployment);
        return { ...result };
      },
      leftOf(work),
    ),
};
