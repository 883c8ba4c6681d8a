import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { DeckhandApi, DeployRequest, ModelHostResult, TransferCall } from '../api/contract.ts';
import type { TaskApi } from '../api/task-api.ts';
import type { ServedModelView } from '../core/chat.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Deployment, DeployResult } from '../core/model-params.ts';
import type { Surroundings } from '../core/task.ts';
import { oneLine } from './layout.ts';

/** What is wished for: a model server on one host, or on `local`, this machine. */
export interface ModelWish {
  readonly host: string;
  readonly name: string;
  /** A GGUF file; absent: as it was deployed. */
  readonly model: string | undefined;
  readonly settings: Partial<DeployRequest>;
}

export interface EnsureParts {
  readonly tasks: Pick<TaskApi, 'deployments' | 'servedModels'>;
  readonly api: Pick<DeckhandApi, 'deployModel'>;
  readonly surroundings: Surroundings;
  readonly call: TransferCall;
}

/**
 * Asks the server first, as chats do; only when it does not answer, or is another model, it is deployed or started
 * again, and asked once more. Null: nothing was missing. Throws `engine.down`, `model.unknown-deployment`.
 */
export async function ensureModel(
  parts: EnsureParts,
  wish: ModelWish,
): Promise<readonly ModelHostResult<DeployResult>[] | null> {
  const server = `${wish.host}/${wish.name}`;
  const deployment = (await parts.tasks.deployments()).find(
    each => each.host === wish.host && each.name === wish.name,
  );
  const isWished = deployment !== undefined && (await isAsWished(parts, wish, deployment));
  if (isWished && isServed(await lookAt(parts, server))) return null;
  const results = await parts.api.deployModel(requestOf(wish, deployment), parts.call);
  if (results.some(({ error }) => error)) return results;
  const seen = await lookAt(parts, server);
  if (isServed(seen)) return results;
  throw new DeckhandError(
    'engine.down',
    `${oneLine(server)} was deployed, and does not answer to chats: ${seen?.error?.message ?? 'it is not listed'}`,
  );
}

async function lookAt(
  { tasks, surroundings }: EnsureParts,
  server: string,
): Promise<ServedModelView | undefined> {
  const served = await tasks.servedModels(surroundings);
  return served.find(each => each.server === server);
}

function isServed(view: ServedModelView | undefined): boolean {
  return view !== undefined && view.error === null;
}

/** No setting was named that differs, and the file is the one that was deployed, as far as its size tells. */
async function isAsWished(
  { surroundings }: EnsureParts,
  wish: ModelWish,
  { params, model }: Deployment,
): Promise<boolean> {
  const known = params as Readonly<Record<string, unknown>>;
  const same = Object.entries(wish.settings).every(
    ([name, value]) => name === 'name' || known[name] === value,
  );
  if (!same || wish.model === undefined) return same;
  const path = resolve(surroundings.folder, wish.model);
  const size = await stat(path).then(
    found => found.size,
    () => null,
  );
  return path === params.model && size === model?.size;
}

function requestOf(
  { host, name, model, settings }: ModelWish,
  deployment: Deployment | undefined,
): DeployRequest {
  const file = model ?? deployment?.params.model;
  if (file === undefined && !deployment)
    throw new DeckhandError('model.unknown-deployment', `${host}/${name} was not deployed from here.`, {
      hint: 'Name the model file: deckhand model ensure HOST MODEL.gguf',
    });
  return {
    ...deployment?.params,
    ...settings,
    hosts: host,
    name,
    ...(file === undefined ? {} : { model: file }),
  };
}
