import { sanitiseText } from '../../core/untrusted.ts';
import type { EngineFailure } from '../engine.ts';

/** What a line of an engine's log means: pattern, code, fix. */
export type Signature = readonly [RegExp, EngineFailure['code'], string];

const LONGEST_CAUSE = 300;
/** Characters of a line that are looked at: patterns with a gap in them take long on lines without an end. */
const LONGEST_LINE = 2000;

/** The first signature that fits a line of the log; of several lines the first, because the others follow from it. */
export function classifyBy(signatures: readonly Signature[], log: string): EngineFailure | null {
  for (const whole of log.split('\n')) {
    const line = whole.slice(0, LONGEST_LINE);
    const found = signatures.find(([pattern]) => pattern.test(line));
    if (found) return { code: found[1], cause: causeOf(line), fix: found[2] };
  }
  return null;
}

/** Without the time and level in front. */
function causeOf(line: string): string {
  const text = sanitiseText(line).replace(/^[\d.:]+ [A-Z] /, '');
  return text.length > LONGEST_CAUSE ? `${text.slice(0, LONGEST_CAUSE)}…` : text.trim();
}
