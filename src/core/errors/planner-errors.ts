import { type ErrorTraits, row } from './row.ts';

/** What goes wrong with a language model that plans, or a person who is asked. */
export const plannerErrors = {
  'planner.malformed': row(
    'The planning model did not answer in the shape that was asked for, twice.',
    'failed',
    502,
    'Try again, or choose a model that keeps to a JSON schema (`--model`, setting agent.model).',
  ),
  'planner.unreachable': row(
    'The planning model cannot be reached.',
    'unreachable',
    502,
    'Look whether its server runs (`deckhand model list`, `deckhand chat models`), then try again.',
    'retry',
  ),
  'planner.refused': row(
    'The provider of the planning model refused the key or the account.',
    'authentication',
    502,
    'Correct the key file of this provider; the message names it.',
  ),
  'planner.busy': row(
    'The provider of the planning model is over its limit.',
    'failed',
    503,
    'Wait, or choose another model.',
    'retry',
  ),
  'planner.timed-out': row(
    'The planning model did not finish its answer in time.',
    'timedOut',
    504,
    'Raise agent.timeout, or choose a faster model.',
    'retry',
  ),
  'planner.budget-exhausted': row(
    'The run has used up its budget of tokens, money, commands or time.',
    'failed',
    422,
    'Raise the budget (`--budget`), then run it again: finished steps are not repeated.',
  ),
  'planner.unknown': row(
    'No planning model has this name.',
    'usage',
    404,
    'The message names the models that are known.',
  ),
} as const satisfies Record<string, ErrorTraits>;
