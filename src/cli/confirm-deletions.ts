import type { SyncRequest } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import type { TransferAction } from '../core/transfer-params.ts';
import { confirm } from './confirm.ts';
import type { EngineSession } from './engine-session.ts';
import { exitCodeOfHosts } from './exit-code.ts';
import { oneLine } from './layout.ts';
import { actionTable, renderProblems } from './render-transfers.ts';

/** Lines of what would go that a person is shown; --dry-run shows all. */
const MOST_SHOWN = 200;

/**
 * Shows what a sync would remove, and asks. Null: go on. A number: nothing can be shown, or a host failed.
 * Throws `approval.needed` without a terminal, `approval.declined` when the person says no.
 */
export async function confirmDeletions(session: EngineSession, request: SyncRequest): Promise<number | null> {
  const { results } = await session.api.sync({ ...request, dryRun: true }, session.call);
  const failed = exitCodeOfHosts(results);
  if (failed !== EXIT.ok) {
    session.result({ results }, () => '');
    session.say(renderProblems(results, session.talkStyle).trimEnd());
    return failed;
  }
  let total = 0;
  for (const { host, result } of results) {
    const gone = (result?.plan ?? []).filter(action => action.action === 'delete');
    total += gone.length;
    if (gone.length > 0) session.say(`${oneLine(host)}: to be removed\n${shown(gone, session)}`);
  }
  if (total === 0) return null;
  const question = `Remove ${total === 1 ? '1 entry' : `${total} entries`}?`;
  if (!session.asker)
    throw new DeckhandError('approval.needed', `${question} No terminal is attached to ask on.`, {
      hint: 'Pass --yes to remove them.',
    });
  await confirm(question, false, session.asker);
  return null;
}

function shown(gone: readonly TransferAction[], { talkStyle }: EngineSession): string {
  const more = gone.length > MOST_SHOWN ? `\n… ${gone.length - MOST_SHOWN} more; --dry-run shows all` : '';
  const sides = new Set(gone.map(action => action.side)).size > 1;
  return actionTable(gone.slice(0, MOST_SHOWN), sides, talkStyle) + more;
}
