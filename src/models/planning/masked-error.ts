import { DeckhandError } from '../../core/deckhand-error.ts';
import { maskDeep, maskKnownDeep, maskSecrets } from '../../core/mask-secrets.ts';

/** The same error without secrets, which it may quote from what a provider said; itself where it has none. */
export function maskedError(error: DeckhandError, keys: Iterable<string>): DeckhandError {
  const known = [...keys];
  const { code, message, hint, details } = error;
  const safe = {
    message: maskSecrets(message, known),
    hint: maskSecrets(hint, known),
    details: maskDeep(maskKnownDeep(details, known)),
  };
  const isSafe =
    safe.message === message &&
    safe.hint === hint &&
    JSON.stringify(safe.details) === JSON.stringify(details);
  // the cause would have it still
  return isSafe ? error : new DeckhandError(code, safe.message, { hint: safe.hint, details: safe.details });
}
