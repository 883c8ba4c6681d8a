import { DeckhandError } from '../core/deckhand-error.ts';
import { orderSteps, planSchema, type Plan } from '../core/plan.ts';
import { acceptValue, emptyValue, type ParameterValue } from './parameter.ts';
import type { Runbook } from './runbook.ts';
import { fillTemplates } from './template.ts';
import { detectLanguage } from './words.ts';

/**
 * The plan a runbook makes of these parameters. Defaults that were taken are named among the
 * assumptions. Throws `input.invalid` for an unknown or malformed parameter, `plan.parameter-missing`
 * for a needed one that is absent. `confidence` is 1 when a person named the runbook.
 */
export function fillRunbook(
  runbook: Runbook,
  parameters: Readonly<Record<string, ParameterValue>>,
  intent: string,
  confidence = 1,
): Plan {
  const { values, given, assumptions } = readParameters(runbook, parameters);
  const { steps, postconditions, report } = runbook;
  const goal = (runbook.goal ?? runbook.title)[detectLanguage(intent)];
  const filled = fillTemplates({ goal, steps, postconditions, report }, values) as Record<string, unknown>;
  const kept = dropEmptySteps(filled['steps']);
  if (kept.length === 0) {
    const names = Object.keys(runbook.parameters).join(', ');
    throw new DeckhandError(
      'plan.parameter-missing',
      `${runbook.name}: with these parameters nothing is to be done; set at least one of ${names}.`,
      { details: { runbook: runbook.name } },
    );
  }
  const plan = planSchema.safeParse({
    ...filled,
    steps: kept,
    intent: intent.slice(0, 4000),
    assumptions,
    runbook: { name: runbook.name, confidence },
    parameters: given,
  });
  if (!plan.success) {
    const issue = plan.error.issues[0];
    throw new DeckhandError(
      'plan.invalid',
      `${runbook.name}: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'does not fit'}.`,
    );
  }
  orderSteps(plan.data);
  return plan.data;
}

interface Values {
  /** Of every parameter, for templates. */
  readonly values: Record<string, ParameterValue>;
  /** Of those with a value, for the plan. */
  readonly given: Record<string, ParameterValue>;
  readonly assumptions: string[];
}

function readParameters(runbook: Runbook, parameters: Readonly<Record<string, ParameterValue>>): Values {
  for (const name of Object.keys(parameters)) {
    if (Object.hasOwn(runbook.parameters, name)) continue;
    const known = Object.keys(runbook.parameters).join(', ') || 'none';
    throw new DeckhandError(
      'input.invalid',
      `${runbook.name} has no parameter '${name}'; it has: ${known}.`,
      {
        details: { runbook: runbook.name, parameter: name },
      },
    );
  }
  const read: Values = { values: {}, given: {}, assumptions: [] };
  for (const [name, parameter] of Object.entries(runbook.parameters)) {
    const given = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    const taken = given ?? parameter.default;
    if (taken === undefined || taken === '') {
      if (parameter.required) throw missing(runbook, name);
      read.values[name] = emptyValue(parameter);
      continue;
    }
    const accepted = acceptValue(parameter, taken);
    if (accepted.value === null) {
      throw new DeckhandError('input.invalid', `${runbook.name}: ${name}: ${accepted.fault}.`, {
        details: { runbook: runbook.name, parameter: name },
      });
    }
    read.values[name] = accepted.value;
    read.given[name] = accepted.value;
    if (given === undefined) read.assumptions.push(`${name}: ${showValue(accepted.value)} (default)`);
  }
  return read;
}

function missing(runbook: Runbook, name: string): DeckhandError {
  const description = runbook.parameters[name]?.description.en ?? '';
  return new DeckhandError('plan.parameter-missing', `${runbook.name} needs ${name}: ${description}.`, {
    details: { runbook: runbook.name, parameter: name },
    hint: `Name it in the request or pass --set ${name}=VALUE.`,
  });
}

function showValue(value: ParameterValue): string {
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

/** A step whose states are all left out has nothing to do; nobody waits for it. */
function dropEmptySteps(steps: unknown): Record<string, unknown>[] {
  const all = steps as Record<string, unknown>[];
  const kept = all.filter(step => !(Array.isArray(step['states']) && step['states'].length === 0));
  const ids = new Set(kept.map(step => step['id']));
  return kept.map(step =>
    Array.isArray(step['dependsOn'])
      ? {
          ...step,
          dependsOn: step['dependsOn'].filter(id => ids.has(id) || !all.some(other => other['id'] === id)),
        }
      : step,
  );
}
