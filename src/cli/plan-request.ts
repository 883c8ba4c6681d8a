import { parseDuration } from '../core/duration.ts';
import type { RunBudget } from '../core/task-params.ts';
import type { PlanRequest } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { IntentFlags } from './flags.ts';

/** `--host a --host b` as one selector. Throws `input.invalid` when it is empty. */
export function selectorOf(hosts: readonly string[]): string {
  const selector = hosts.join(',');
  if (selector.trim() === '') throw new DeckhandError('input.invalid', '--host: the selector is empty.');
  return selector;
}

/** `NAME=VALUE` texts as parameters. Throws `input.invalid`. */
export function parseParameters(texts: readonly string[]): Readonly<Record<string, string>> {
  const parameters: Record<string, string> = {};
  for (const text of texts) {
    const border = text.indexOf('=');
    const name = text.slice(0, border).trim();
    if (border < 1 || name === '') {
      throw new DeckhandError('input.invalid', `--set: '${text}' is not NAME=VALUE.`);
    }
    if (Object.hasOwn(parameters, name)) {
      throw new DeckhandError('input.invalid', `--set: ${name} is given twice.`);
    }
    parameters[name] = text.slice(border + 1);
  }
  return parameters;
}

type PlannerFlags = Pick<IntentFlags, 'model' | 'mode' | 'budget' | 'noImprove'>;

/** The request of `ask` and `plan`. Throws `input.invalid` when there is neither intent nor runbook. */
export function planRequestOf(
  flags: Pick<IntentFlags, 'host' | 'set' | 'runbook'> & Partial<PlannerFlags>,
  words: readonly string[],
): PlanRequest {
  const intent = words.join(' ').trim();
  if (intent === '' && flags.runbook === undefined) {
    throw new DeckhandError(
      'input.invalid',
      'INTENT: say what should be true, or name a runbook with --runbook.',
    );
  }
  return {
    hosts: selectorOf(flags.host),
    parameters: parseParameters(flags.set),
    ...(intent === '' ? {} : { intent }),
    ...(flags.runbook === undefined ? {} : { runbook: flags.runbook }),
    ...(flags.model === undefined ? {} : { model: flags.model }),
    ...(flags.mode === undefined ? {} : { policy: modeOf(flags.mode) }),
    ...(flags.budget === undefined ? {} : { budget: parseBudget(flags.budget) }),
    ...(flags.noImprove ? { improve: false } : {}),
  };
}

const MODES = ['read-only', 'ask', 'auto', 'allow-list'] as const;

function modeOf(text: string): (typeof MODES)[number] {
  const mode = MODES.find(one => one === text);
  if (mode) return mode;
  throw new DeckhandError('input.invalid', `--mode: '${text}' is none of ${MODES.join(', ')}.`);
}

/** `tokens=50000,cost=1,commands=60,time=10m`; a number alone is tokens. Throws `input.invalid`. */
export function parseBudget(text: string): RunBudget {
  const budget: { tokens?: number; cost?: number; commands?: number; time?: number } = {};
  for (const part of text.split(',')) {
    const [first = '', second] = part.split('=').map(word => word.trim());
    const [name, amount] = second === undefined ? ['tokens', first] : [first, second];
    const value = name === 'time' ? parseDuration(amount, '--budget time') : Number(amount);
    const whole = name === 'tokens' || name === 'commands';
    const known = whole || name === 'cost' || name === 'time';
    if (
      !known ||
      amount === '' ||
      !Number.isFinite(value) ||
      value < 0 ||
      (whole && !Number.isInteger(value))
    )
      throw new DeckhandError(
        'input.invalid',
        `--budget: '${part}' is no limit; write tokens=50000, cost=1, commands=60 or time=10m.`,
      );
    budget[name as 'tokens'] = value;
  }
  return budget;
}
