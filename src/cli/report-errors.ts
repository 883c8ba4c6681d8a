import { toDeckhandError } from '../core/deckhand-error.ts';
import { EXIT } from '../core/error-table.ts';
import type { CliContext } from './context.ts';
import { printError } from './error-output.ts';
import type { OutputFlags } from './flags.ts';

/** Runs `work` and turns what it throws into printed error and exit code. */
export async function reportErrors(
  context: CliContext,
  flags: Pick<OutputFlags, 'json' | 'jsonl'>,
  work: () => Promise<number>,
): Promise<void> {
  const { signal, terminal } = context.surroundings;
  try {
    context.finish(await work());
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    printError(terminal, flags, error.toJSON());
    context.finish(signal.aborted && thrown === signal.reason ? EXIT.interrupted : error.exitCode);
  } finally {
    context.surroundings.sayOnInterrupt(null);
  }
}
