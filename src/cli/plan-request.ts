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

/** The request of `ask` and `plan`. Throws `input.invalid` when there is neither intent nor runbook. */
export function planRequestOf(
  flags: Pick<IntentFlags, 'host' | 'set' | 'runbook'>,
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
  };
}
