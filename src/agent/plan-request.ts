import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import { fillRunbook } from '../runbooks/fill-runbook.ts';
import { findRunbook } from '../runbooks/load-runbooks.ts';
import { matchRequest } from '../runbooks/match-request.ts';
import type { Runbook } from '../runbooks/runbook.ts';

export interface PlanFromRequest {
  readonly intent: string;
  /** Values the person gave by hand; they win over what was read from the intent. */
  readonly parameters: Readonly<Record<string, string>>;
  /** A runbook chosen by name: nothing is matched. */
  readonly runbook: string | undefined;
}

/**
 * The embedded planner: a runbook and its parameters from plain language, without a model.
 * When it is not sure it throws (`plan.no-match`, `plan.ambiguous`, `plan.parameter-missing`) and names
 * the nearest runbooks; it never plans something else instead.
 */
export function planFromRequest(request: PlanFromRequest, runbooks: readonly Runbook[]): Plan {
  if (request.runbook !== undefined) {
    return fillRunbook(findRunbook(runbooks, request.runbook), request.parameters, request.intent);
  }
  const match = matchRequest(request.intent, runbooks);
  if (match.kind !== 'confident') throw notSure(request.intent, match);
  const parameters = { ...match.parameters, ...request.parameters };
  const missing = match.missing.filter(name => !Object.hasOwn(parameters, name));
  if (missing.length > 0) {
    throw new DeckhandError(
      'plan.parameter-missing',
      `Runbook ${match.runbook.name} fits, but the request does not say: ${missing.join(', ')}.`,
      {
        details: { runbook: match.runbook.name, missing },
        hint: `Name it in the request, or pass ${missing.map(name => `--set ${name}=…`).join(' ')}.`,
      },
    );
  }
  const plan = fillRunbook(match.runbook, parameters, request.intent);
  return { ...plan, runbook: { name: match.runbook.name, confidence: match.confidence } };
}

interface Nearest {
  readonly name: string;
  readonly title: string;
}

function notSure(
  intent: string,
  match: { readonly kind: 'unsure' | 'none'; readonly nearest: readonly Nearest[] },
): DeckhandError {
  const names = match.nearest.map(nearest => `${nearest.name} (${nearest.title})`);
  const list = names.length > 0 ? ` Nearest: ${names.join('; ')}.` : '';
  return new DeckhandError(
    match.kind === 'unsure' ? 'plan.ambiguous' : 'plan.no-match',
    `I do not know a runbook for "${intent.slice(0, 200)}", so nothing was run.${list}`,
    {
      details: { nearest: match.nearest },
      hint: 'Choose one with --runbook NAME --set NAME=VALUE, or write the plan as a file for `deckhand apply`.',
    },
  );
}
