import { createHash } from 'node:crypto';
import type { DeployParams, EngineListen, ServiceMode } from '../../core/model-params.ts';
import { z } from '../../core/schema.ts';
import type { Bundle } from '../bundle/manifest.ts';
import { releaseOf } from '../bundle/manifest.ts';
import type { ModelFile } from '../gguf/read-model.ts';
import { contextFor, type MemoryEstimate, estimateMemory, shapeOf } from '../gguf/estimate.ts';

/** What is to be served, before anything is known of the target. */
export interface DeployPlan {
  readonly params: DeployParams;
  readonly bundle: Bundle;
  readonly model: ModelFile & { readonly sha256: string };
  readonly context: number;
  readonly estimate: MemoryEstimate;
  /** Names the engine's folder on the target. */
  readonly engine: string;
}

export function planDeploy(
  params: DeployParams,
  bundle: Bundle,
  model: ModelFile & { readonly sha256: string },
): DeployPlan {
  const context = contextFor(shapeOf(model.header), params.context);
  const estimate = estimateMemory(model.header, context);
  return { params, bundle, model, context, estimate, engine: releaseOf(bundle) };
}

const hex = z.string().regex(/^[0-9a-f]{8,64}$/);

/** One release as `release.json` keeps it on the target: all that its start depends on. */
export const releaseSchema = z.object({
  id: hex,
  engine: hex,
  version: z.string().max(200),
  model: hex,
  modelSize: z.number(),
  modelName: z.string().max(200),
  context: z.number().int(),
  service: z.enum(['system', 'user', 'detached']),
  listen: z.union([
    z.object({ path: z.string().regex(/^\/[^\0\n]+$/) }),
    z.object({ host: z.string().regex(/^127\.0\.0\.1$/), port: z.number().int().min(1).max(65_535) }),
  ]),
  /** Bytes of memory. */
  estimate: z.number(),
});
export type Release = z.infer<typeof releaseSchema>;

/**
 * The release of a plan. Its id is made of everything that its start depends on but a port that was free by
 * chance: the same plan is the same release.
 */
export function releaseFor(
  plan: DeployPlan,
  base: string,
  service: ServiceMode,
  listen: (id: string) => EngineListen,
): Release {
  const { params, context, engine, model } = plan;
  const { name, threads, slots, port, listen: wish } = params;
  // the folder too: units of several accounts of one machine need names of their own
  const all = [base, engine, model.sha256, context, service, name, threads, slots, port, wish];
  const id = createHash('sha256').update(JSON.stringify(all)).digest('hex').slice(0, 10);
  return {
    id,
    engine,
    version: plan.bundle.manifest.version,
    model: model.sha256,
    modelSize: model.size,
    modelName: shapeOf(model.header).name.slice(0, 200),
    context,
    service,
    listen: listen(id),
    estimate: plan.estimate.total,
  };
}
