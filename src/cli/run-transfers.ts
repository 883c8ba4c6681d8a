import type { TransferHostResult, TransferReport } from '../api/contract.ts';
import type { Submission, Submitted } from '../api/task-api.ts';
import { type ErrorCode, EXIT } from '../core/error-table.ts';
import { detached } from './detach.ts';
import type { EngineSession } from './engine-session.ts';
import { exitCodeOfTransfers } from './exit-of-transfers.ts';
import { renderProblems, renderTransfers } from './render-transfers.ts';

/** Transfers of one command line that are followed at once; the queue has limits of its own besides. */
const AT_ONCE = 8;

/** Does all of `work`, some at once, and gives the results in order. */
export async function transferAll(
  work: readonly (() => Promise<TransferReport>)[],
): Promise<readonly TransferHostResult[]> {
  const reports: (readonly TransferHostResult[])[] = work.map(() => []);
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < work.length; index = next++)
      reports[index] = (await work[index]?.())?.results ?? [];
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, work.length) }, worker));
  return reports.flat();
}

/** The same with hints that name flags, for errors that only this command line can do something about. */
export function withHints(
  results: readonly TransferHostResult[],
  hints: Readonly<Partial<Record<ErrorCode, string>>>,
): readonly TransferHostResult[] {
  return results.map(result => {
    const hint = result.error && hints[result.error.code];
    return result.error && hint !== undefined ? { ...result, error: { ...result.error, hint } } : result;
  });
}

/** Prints what came of it; gives the exit code. */
export function showTransfers(session: EngineSession, results: readonly TransferHostResult[]): number {
  session.result({ results }, () => renderTransfers(results, session.style));
  if (!session.flags.json && !session.flags.jsonl) {
    const problems = renderProblems(results, session.talkStyle);
    if (problems !== '') session.say(problems.trimEnd());
  }
  return exitCodeOfTransfers(results);
}

/** `--detach`: hands all of it to the daemon, and prints the ids. */
export async function detachAll(session: EngineSession, submissions: readonly Submission[]): Promise<number> {
  const submitted: Submitted[] = [];
  for (const submission of submissions) submitted.push(await session.tasks.submit(submission));
  const [only] = submitted;
  if (only && submitted.length === 1) return detached(session, only);
  for (const { group, existed } of submitted)
    session.say(`${existed ? 'known, nothing new is begun; ' : ''}to see it: deckhand task logs -f ${group}`);
  const tasks = submitted.flatMap(each => each.tasks);
  session.result({ groups: submitted.map(each => each.group), tasks }, () =>
    tasks.map(task => `${task.id}\n`).join(''),
  );
  return EXIT.ok;
}
