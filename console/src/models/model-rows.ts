import type { AttachedModel, Deployment, EngineListen, ServedModelView } from 'deckhand/client';

/** One model server on the screen. */
export interface ModelRow {
  /** `gpu-1/tiny`. */
  readonly id: string;
  readonly host: string;
  readonly name: string;
  /** Models it serves, or its file. */
  readonly models: readonly string[];
  /** Bytes; null where nobody knows. */
  readonly size: number | null;
  readonly engine: string;
  /** `system`, `user`, `detached`; null: somebody else runs it. */
  readonly service: string | null;
  /** On its host. */
  readonly listen: string;
  /** Null where it is somebody else's. */
  readonly deployment: Deployment | null;
  readonly attached: AttachedModel | null;
  /** Each model as it was asked for just now; empty: not known yet. */
  readonly served: readonly ServedModelView[];
}

/** Deployed and attached servers with what they serve now, by host and name. Pure. */
export function modelRows(
  deployments: readonly Deployment[],
  attached: readonly AttachedModel[],
  served: readonly ServedModelView[],
): readonly ModelRow[] {
  const deployedRows = deployments.map((deployment): ModelRow => {
    const { host, name, model, service, engine, version, listen } = deployment;
    return {
      ...placeOf(host, name, served),
      models: [model?.file ?? name],
      size: model?.size ?? null,
      engine: `${engine} ${version}`.trim(),
      service,
      listen: listenText(listen),
      deployment,
      attached: null,
    };
  });
  const attachedRows = attached.map(
    (each): ModelRow => ({
      ...placeOf(each.host, each.name, served),
      models: each.models,
      size: null,
      engine: `${each.engine} ${each.version ?? ''}`.trim(),
      service: null,
      listen: listenText(each.listen),
      deployment: null,
      attached: each,
    }),
  );
  return [...deployedRows, ...attachedRows].toSorted((a, b) => a.id.localeCompare(b.id));
}

/** It did not serve when it was asked, and may by now. Pure. */
export function mayServeSoon({ served }: Pick<ModelRow, 'served'>): boolean {
  return served.every(({ error }) => error !== null);
}

function placeOf(
  host: string,
  name: string,
  served: readonly ServedModelView[],
): Pick<ModelRow, 'id' | 'host' | 'name' | 'served'> {
  const id = `${host}/${name}`;
  return { id, host, name, served: served.filter(({ server }) => server === id) };
}

function listenText(listen: EngineListen): string {
  return 'path' in listen ? listen.path : `${listen.host}:${listen.port}`;
}
