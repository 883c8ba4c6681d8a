import { createHash } from 'node:crypto';
import { deployedEngines, type DeployParams, type ServiceMode } from '../../core/model-params.ts';
import { z } from '../../core/schema.ts';
import type { EngineArchive } from '../bundle/engine-archive.ts';
import type { ModelFile } from '../gguf/read-model.ts';
import { contextFor, type MemoryEstimate, estimateMemory, shapeOf } from '../gguf/estimate.ts';
import { kindOf } from './kinds/kind-of.ts';

/** A model file here with the hash that names it on hosts. */
export type HashedModel = ModelFile & { readonly sha256: string };

/** What is to be served, before anything is known of the target. */
export interface DeployPlan {
  readonly params: DeployParams;
  /** Null: the program is on the target already. */
  readonly archive: EngineArchive | null;
  /** Null: the target has it, or fetches it. */
  readonly model: HashedModel | null;
  /** Tokens; 0: as the engine decides. */
  readonly context: number;
  /** Null: nothing is known of it. */
  readonly estimate: MemoryEstimate | null;
}

export function planDeploy(
  params: DeployParams,
  archive: EngineArchive | null,
  model: HashedModel | null,
): DeployPlan {
  if (model === null) return { params, archive, model, context: params.context ?? 0, estimate: null };
  const context = contextFor(shapeOf(model.header), params.context);
  return { params, archive, model, context, estimate: estimateMemory(model.header, context) };
}

const hex = z.string().regex(/^[0-9a-f]{8,64}$/);

/** One release as `release.json` keeps it on the target: all that its start depends on. */
export const releaseSchema = z.object({
  id: hex,
  /** Those of before there were others do not say it. */
  kind: z.enum(deployedEngines).default('llama.cpp'),
  /** Null: its program was not brought over. */
  engine: hex.nullable(),
  version: z.string().max(200),
  model: hex.nullable(),
  modelSize: z.number(),
  modelName: z.string().max(200),
  context: z.number().int(),
  service: z.enum(['system', 'user', 'detached']),
  listen: z.union([
    z.object({ path: z.string().regex(/^\/[^\0\n]+$/) }),
    z.object({ host: z.string().regex(/^127\.0\.0\.1$/), port: z.number().int().min(1).max(65_535) }),
  ]),
  /** Bytes of memory; 0: nobody knows. */
  estimate: z.number(),
  /** Mebibytes of earlier prompts that it may keep in memory; before it was chosen, all had as many. */
  promptCache: z.number().int().min(0).default(256),
  /** A path that says whether it is ready, where the person named one. */
  probe: z.string().max(1000).nullable().default(null),
  /** Whoever has no key is refused. */
  guarded: z.boolean().default(true),
});
export type Release = z.infer<typeof releaseSchema>;

/**
 * The release of a plan. Its id is made of everything that its start depends on but what was free by chance, a port
 * and memory: the same plan is the same release.
 */
export function releaseFor(
  plan: DeployPlan,
  base: string,
  service: ServiceMode,
  chosen: (id: string) => Pick<Release, 'listen' | 'promptCache'>,
): Release {
  const { params, context, archive, model } = plan;
  const { name, threads, slots, port, listen: wish } = params;
  const kind = kindOf(params.engine);
  const engine = archive?.id ?? null;
  // the folder too: units of several accounts of one machine need names of their own
  const all = [base, engine, model?.sha256 ?? null, context, service, name, threads, slots, port, wish];
  const text = JSON.stringify([...all, kind.name, ...kind.settings(params)]);
  const id = createHash('sha256').update(text).digest('hex').slice(0, 10);
  return {
    id,
    kind: kind.name,
    engine,
    version: archive?.version ?? '',
    model: model?.sha256 ?? null,
    modelSize: model?.size ?? 0,
    modelName: model === null ? '' : shapeOf(model.header).name.slice(0, 200),
    context,
    service,
    ...chosen(id),
    estimate: plan.estimate?.total ?? 0,
    probe: params.probe ?? null,
    guarded: kind.isGuarded(params),
  };
}
