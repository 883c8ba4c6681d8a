import { systemClock } from '../../core/clock.ts';
import { type DeckhandError, toDeckhandError } from '../../core/deckhand-error.ts';
import { auditFolder, auditLogBeside } from '../policy-gate.ts';
import { Terminals } from './terminals.ts';

/** The terminals of an engine: recorded and audited beside its store, in the log that nobody can change unseen. */
export function openTerminals(storeFile: string, onTrouble: (error: DeckhandError) => void): Terminals {
  const clock = systemClock;
  return new Terminals({
    clock,
    folder: auditFolder(storeFile),
    audit: async ({ action, terminal, host, who, why, requestId }) => {
      await auditLogBeside(storeFile)?.append({
        time: clock.now(),
        who,
        action,
        hosts: [host],
        command: terminal,
        class: 'terminal',
        risks: [],
        rule: null,
        why,
        meaning: '',
        requestId,
      });
    },
    onTrouble: thrown => onTrouble(toDeckhandError(thrown)),
  });
}
