import { toDeckhandError } from '../core/deckhand-error.ts';
import { type PlanningCheck, type PlanningProbe, planningCheckParams } from '../core/planning-check.ts';
import { PLANNING_ROLES } from '../core/planning-model.ts';
import { z } from '../core/schema.ts';
import { NO_RETRY, type TaskKind, type TaskWork } from './task-kind.ts';

const probeSchema = z.object({ ready: z.boolean(), word: z.enum(['anchor', 'sail']) });

/** Which model plans each role; with `probe` each is asked, the same way as a run asks it. */
export const modelPlanning: TaskKind<typeof planningCheckParams> = {
  name: 'model.planning',
  description: 'Says which model plans each role, and asks each for a tiny answer.',
  schema: planningCheckParams,
  hosts: 'none',
  category: 'model',
  permission: 'read',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ probe }) => (probe ? 'ask the planning models' : 'planning models'),
  async run(work) {
    const { model, probe } = work.params;
    const { settings } = work.hosts;
    const general = model ?? (settings['agent.model'] || settings['agent.models.plan']);
    const roles = PLANNING_ROLES.map(role => ({
      role,
      model: (model ?? settings[`agent.models.${role}`]) || general || null,
    }));
    const names = general === '' ? [] : [...new Set(roles.flatMap(each => each.model ?? []))];
    const models: PlanningProbe[] = [];
    for (const name of names) models.push(await probed(work, name, probe));
    const result: PlanningCheck = {
      roles: general === '' ? roles.map(({ role }) => ({ role, model: null })) : roles,
      models,
    };
    return { end: 'succeeded', result: { ...result } };
  },
};

async function probed(
  { planningModel, cancel, leave, clock }: TaskWork<unknown>,
  wanted: string,
  probe: boolean,
): Promise<PlanningProbe> {
  const signal = AbortSignal.any([cancel, leave]);
  const nothing = { model: wanted, name: null, answered: null, error: null };
  let name: string | null = null;
  try {
    const model = await planningModel({ model: wanted, signal });
    name = model?.name ?? null;
    if (!model || !probe) return { ...nothing, name };
    const begun = clock.monotonic();
    const { usage, repaired } = await model.ask({
      role: 'plan',
      instructions: 'You answer with JSON alone.',
      prompt: 'Say that you are ready: {"ready": true, "word": "anchor"}.',
      schema: probeSchema,
      schemaName: 'probe',
      signal,
    });
    return {
      ...nothing,
      name,
      answered: { duration: Math.round(clock.monotonic() - begun), usage, repaired },
    };
  } catch (thrown) {
    signal.throwIfAborted();
    return { ...nothing, name, error: toDeckhandError(thrown).toJSON() };
  }
}
