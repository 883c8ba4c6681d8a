import type { Improved } from '../../agent/improve.ts';
import type { Clock } from '../../core/clock.ts';
import { PLANNING_ROLES, type PlanningModel, type PlanningRole } from '../../core/planning-model.ts';
import { plannerFault } from '../../models/planning/planner-fault.ts';
import { Planner, PlanningLedger } from '../../models/planning/planner.ts';
import type { PlanningServer } from '../../models/planning/planning-server.ts';
import { servedModels } from '../../models/served-models.ts';
import type { SettingValues } from '../../settings/schema.ts';
import type { PlanningRun, PlanningWish } from '../../tasks/task-kind.ts';
import type { Fleets } from '../fleet-access.ts';
import { ModelSources } from '../models/model-sources.ts';
import { TaskMaster } from '../task-master/task-master.ts';
import { findPlanner, unknownPlanner } from './find-planner.ts';
import { type PlannerPlace, plannerPlaces } from './planner-places.ts';

export interface PlanningDeskParts {
  readonly fleets: Fleets;
  readonly clock: Clock;
  readonly chance: () => number;
}

/**
 * Gives each claim its planning model, in the executor that carries the claim out. The tunnels to deployed models live here
 * too, beside the calls and not in the daemon: what a model server sends never reaches the process that owns the store, a
 * call ends with its executor, and an error on the way keeps its type. The price is a tunnel for each executor that plans.
 */
export class PlanningDesk implements AsyncDisposable {
  readonly #parts: PlanningDeskParts;
  readonly #sources: ModelSources;
  readonly #taskMaster = new TaskMaster({ path: process.env['PATH'] ?? '' });
  /** What all planning of one claim shares; a claim has its map of steps to itself. */
  readonly #ledgers = new WeakMap<PlanningRun['steps'], PlanningLedger>();

  constructor(parts: PlanningDeskParts) {
    this.#parts = parts;
    const nothing = { deployments: [], attached: [], tunnels: [] };
    this.#sources = new ModelSources({ ...parts, known: async () => await Promise.resolve(nothing) });
  }

  /** Null: none is configured, and nobody stands in for it. Throws `planner.unknown`, `planner.unreachable`. */
  readonly modelFor = async (run: PlanningRun, wish: PlanningWish): Promise<PlanningModel | null> => {
    const { fleets, clock, chance } = this.#parts;
    const { values } = (await fleets.at(run.task.surroundings)).settings;
    const serverFor = await this.#servers(run, wish, PLANNING_ROLES);
    return (
      serverFor &&
      new Planner({
        name: serverFor('plan').name,
        serverFor,
        ledger: this.#ledgerOf(run, values),
        clock,
        chance,
        limits: { total: values['agent.timeout'], silence: values['agent.silence'] },
      })
    );
  };

  /** A request broken down by the Task Master of the person, where the settings want it; null: it was not, and why is said once. */
  readonly improved = async (
    run: PlanningRun,
    request: string,
    wish: PlanningWish,
  ): Promise<Improved | null> => {
    const { values } = (await this.#parts.fleets.at(run.task.surroundings)).settings;
    if (values['agent.improver'] !== 'task-master') return null;
    const serverFor = await this.#servers(run, wish, ['improve']);
    if (!serverFor) return null;
    const [server, limit] = [serverFor('improve'), values['agent.timeout']];
    const answer = await this.#taskMaster.breakDown(request, server, wish.signal, limit);
    run.emit({
      kind: 'note',
      text: answer.improved
        ? `the request was broken down by Task Master (${answer.requests} requests to ${server.name})`
        : `not broken down by Task Master: ${answer.reason}`,
    });
    return answer.improved;
  };

  async #servers(
    run: PlanningRun,
    { model, signal }: PlanningWish,
    roles: readonly PlanningRole[],
  ): Promise<((role: PlanningRole) => PlanningServer) | null> {
    const { surroundings } = run.task;
    const { settings } = await this.#parts.fleets.at(surroundings);
    const names = plannerOfRoles(model, settings.values);
    if (names === null) return null;
    const known = await run.knownModels();
    const servers = await this.#sources.among(surroundings, known);
    const entries = [...settings.modelServers].map(([name, { value }]) => [name, value] as const);
    const places = plannerPlaces(entries, known, servers);
    const byName = new Map<string, PlanningServer>();
    for (const name of new Set(roles.map(role => names[role])))
      byName.set(name, await planningServer(name, places, signal));
    return role => byName.get(names[role]) as PlanningServer;
  }

  #ledgerOf(run: PlanningRun, values: SettingValues): PlanningLedger {
    const known = this.#ledgers.get(run.steps);
    if (known) return known;
    const ledger = new PlanningLedger(run, {
      tokens: values['agent.budget.tokens'],
      money: values['agent.budget.money'],
      calls: values['agent.budget.calls'],
    });
    this.#ledgers.set(run.steps, ledger);
    return ledger;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sources[Symbol.asyncDispose]();
  }
}

/** The name for each role; null = there is none. A role without its own has that of all, or that of plans. Pure. */
export function plannerOfRoles(
  wish: string | undefined,
  values: SettingValues,
): Readonly<Record<PlanningRole, string>> | null {
  const general = wish ?? (values['agent.model'] || values['agent.models.plan']);
  if (general === '') return null;
  const ofRole = (role: PlanningRole): string =>
    wish === undefined ? values[`agent.models.${role}`] || general : general;
  return Object.fromEntries(PLANNING_ROLES.map(role => [role, ofRole(role)])) as Record<PlanningRole, string>;
}

async function planningServer(
  wanted: string,
  places: readonly PlannerPlace[],
  signal: AbortSignal,
): Promise<PlanningServer> {
  const { place, model } = findPlanner(wanted, places);
  const id = model ?? (await modelThere(wanted, place, signal));
  return { ...place, name: place.isOneModel ? place.name : `${place.name}/${id}`, model: id };
}

/** The one model of a server that was named without one. */
async function modelThere(wanted: string, place: PlannerPlace, signal: AbortSignal): Promise<string> {
  if (place.provider !== 'openai-compatible') throw unknownPlanner(wanted, [place]);
  try {
    const models = (await servedModels(await place.door(signal), signal)).map(({ name }) => name);
    const [only, ...others] = models;
    if (only !== undefined && others.length === 0) return only;
    throw unknownPlanner(wanted, [{ ...place, models }]);
  } catch (thrown) {
    signal.throwIfAborted();
    throw plannerFault(thrown, place, 0).error;
  }
}
