import { showDuration } from '../core/duration.ts';
import type { PlanningCheck, PlanningProbe } from '../core/planning-check.ts';
import { oneLine, table } from './layout.ts';
import type { Style } from './style.ts';

/** Which model plans each role, and what each answered. */
export function renderPlanning({ roles, models }: PlanningCheck, style: Style): string {
  if (models.length === 0)
    return 'no model plans: requests are matched with runbooks; name one: agent.model in deckhand.yaml\n';
  const rows = roles.map(({ role, model }) => [style.strong(role), oneLine(model ?? '-')]);
  const answers = models.map(each => [oneLine(each.name ?? each.model), showAnswer(each, style)]);
  const faults = models.flatMap(({ error }) =>
    error === null
      ? []
      : `${style.bad('error')} ${error.code}: ${oneLine(error.message)}\nhint: ${error.hint}\n`,
  );
  return `${table(rows)}\n\n${table(answers)}\n${faults.join('')}`;
}

function showAnswer({ answered, error }: PlanningProbe, style: Style): string {
  if (error) return style.bad('does not plan');
  if (!answered) return style.faint('not asked; --probe asks');
  const { usage, duration, repaired } = answered;
  const { promptTokens, completionTokens, cost } = usage;
  const tokens =
    promptTokens === null
      ? ''
      : `, ${promptTokens} + ${completionTokens ?? 0} tokens${cost === null ? '' : ` for ${cost}`}`;
  const twice = repaired ? ', only when asked twice' : '';
  return `${style.good('answers in the shape asked for')} after ${showDuration(duration)}${tokens}${twice}`;
}
