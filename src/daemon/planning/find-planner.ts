import { DeckhandError } from '../../core/deckhand-error.ts';

/** A server as far as names go. */
export interface PlannerName {
  /** `gpu-1/qwen` for a deployment, `gpu-1/ollama` for what was connected, `anthropic` for one of the settings. */
  readonly name: string;
  /** What it is known to serve. */
  readonly models: readonly string[];
  /** A deployment is its one model; others may serve more than is known. */
  readonly isOneModel: boolean;
}

export interface FoundPlanner<Place> {
  readonly place: Place;
  /** As the server knows it; null = the server must be asked what it has. */
  readonly model: string | null;
}

/** Which server and model a name means. Pure. Throws `planner.unknown` naming those that are known. */
export function findPlanner<Place extends PlannerName>(
  wanted: string,
  places: readonly Place[],
): FoundPlanner<Place> {
  const exact = places.find(({ name }) => name === wanted);
  if (exact) return { place: exact, model: onlyModel(exact, wanted) };
  const [within] = places
    .filter(({ name, isOneModel }) => !isOneModel && wanted.startsWith(`${name}/`))
    .toSorted((one, other) => other.name.length - one.name.length);
  if (within) return { place: within, model: wanted.slice(within.name.length + 1) };
  const serving = places.filter(({ models }) => models.includes(wanted));
  const [only, ...others] = serving;
  if (only && others.length === 0) return { place: only, model: wanted };
  throw unknownPlanner(wanted, serving.length > 0 ? serving : places);
}

/** Null where nothing is known of it. */
function onlyModel({ models, name }: PlannerName, wanted: string): string | null {
  const [only = null, ...others] = models;
  if (others.length > 0) throw unknownPlanner(wanted, [{ name, models, isOneModel: false }]);
  return only;
}

export function unknownPlanner(wanted: string, places: readonly PlannerName[]): DeckhandError {
  const names = [...new Set(places.flatMap(plannerNames))].toSorted();
  const there = names.length === 0 ? 'None is known' : `There are ${names.slice(0, 40).join(', ')}`;
  return new DeckhandError('planner.unknown', `No planning model is called '${wanted}'. ${there}.`, {
    details: { model: wanted, models: names },
    ...(names.length === 0 && {
      hint: 'Deploy one (deckhand model deploy), connect one (deckhand model connect), or write one under modelServers.',
    }),
  });
}

/** As they may be written in `agent.model`. */
export function plannerNames({ name, models, isOneModel }: PlannerName): readonly string[] {
  if (isOneModel) return [name];
  return models.length === 0 ? [`${name}/MODEL`] : models.map(model => `${name}/${model}`);
}
