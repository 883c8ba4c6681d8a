import type { CommandRun } from '../../core/command-run.ts';
import { showBytes, tailOf } from '../../core/untrusted.ts';
import { FAILURE_SIGNATURES } from './registry.ts';
import type { FailureSignature } from './signature.ts';

/** Most characters of each stream that are looked at, from its end. */
const LOOKED_AT = 65_536;

/** A row that fits, and what the text says it is about. */
export interface Recognised {
  readonly signature: FailureSignature;
  /** From the host: compared, never used in a script that changes anything. */
  readonly subject: string | undefined;
}

/** What a run printed, as text: what it said on stderr first. */
export function textsOf(run: CommandRun): readonly string[] {
  return [run.stderr, run.stdout].map(bytes => tailOf(showBytes(bytes), LOOKED_AT));
}

/** Every row that fits one of the texts: all of the first text before any of the second, in the order of the table. */
export function recognise(texts: readonly string[]): readonly Recognised[] {
  return texts.flatMap(text =>
    FAILURE_SIGNATURES.flatMap(signature => {
      const match = signature.pattern.exec(text);
      return match ? [{ signature, subject: match.groups?.['subject'] }] : [];
    }),
  );
}
