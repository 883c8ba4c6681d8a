import type { TransferHostResult } from '../api/contract.ts';
import { EXIT } from '../core/error-table.ts';
import type { TransferAction, TransferResult } from '../core/transfer-params.ts';
import { combineExits, exitCodeOfError } from './exit-code.ts';
import { groupBy } from './layout.ts';

type Outcome = Pick<TransferHostResult, 'host' | 'result' | 'error'>;

/**
 * The exit code of transfers: by their errors; conflicts and files that failed count as failed, what was
 * skipped does not. A dry run gives 10 when something would be done, 1 when it meets a conflict.
 */
export function exitCodeOfTransfers(results: readonly Outcome[]): number {
  const hosts = groupBy(results, result => result.host);
  const exit = combineExits(hosts.map(ofOneHost));
  if (exit !== EXIT.ok) return exit;
  return results.some(({ result }) => result && isPending(result)) ? EXIT.changesPending : EXIT.ok;
}

/** Of a dry run: something would change. */
function isPending({ plan, extended = 0 }: TransferResult): boolean {
  return plan !== undefined && (extended > 0 || plan.some(isChange));
}

/** True for what would change something; false for what is only said. */
export function isChange({ action }: Pick<TransferAction, 'action'>): boolean {
  return action !== 'skip' && action !== 'conflict';
}

/** Of several transfers of one host: null when all are fine, the code they share, else 1. */
function ofOneHost(results: readonly Outcome[]): number | null {
  const failed = results.map(ofOne).filter(exit => exit !== null);
  const [first] = failed;
  if (first === undefined) return null;
  if (failed.includes(EXIT.interrupted)) return EXIT.interrupted;
  return failed.every(exit => exit === first) ? first : EXIT.failed;
}

function ofOne({ result, error }: Outcome): number | null {
  if (error) return exitCodeOfError(error);
  if (!result) return EXIT.failed;
  return isComplete(result) ? null : EXIT.failed;
}

/** False when a file failed, or both sides changed. */
export function isComplete({ conflicts, failures = [], plan = [] }: TransferResult): boolean {
  const planned = plan.some(({ action }) => action === 'conflict');
  return conflicts.length === 0 && failures.length === 0 && !planned;
}
