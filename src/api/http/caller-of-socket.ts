import { DeckhandError } from '../../core/deckhand-error.ts';
import { type Caller, ownerCaller } from '../caller.ts';

/** A program that the owner started and that says its name: it may not do all that its owner may. */
const PROGRAM = /^mcp:[\w.-]{1,64}$/;

/** Whoever can use the socket is the owner, or says that they are less. Throws `input.invalid`. */
export function callerOfSocket(owner: string, as: string | undefined): Caller {
  const caller = ownerCaller(owner);
  if (as === undefined) return caller;
  if (!PROGRAM.test(as))
    throw new DeckhandError('input.invalid', 'deckhand-as: write mcp:NAME.', {
      details: { field: 'deckhand-as' },
    });
  return { ...caller, who: as, role: 'operator', via: 'agent' };
}
