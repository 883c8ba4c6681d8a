import type { Privilege } from '../core/command-run.ts';

/** Days that what was kept of a host stays there. */
export const KEPT_DAYS = 30;

/** Sets `undo`: where the account keeps what steps are about to change; nobody else may read it. */
export function undoFolder(privilege: Privilege): string {
  return privilege === 'root'
    ? 'undo=/var/lib/deckhand/undo'
    : 'undo=${XDG_STATE_HOME:-$HOME/.local/state}/deckhand/undo';
}
