import { randomBytes } from 'node:crypto';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Check } from '../core/plan.ts';
import type { State } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { CHECK_PRELUDE } from './check-prelude.ts';
import { kindOf } from './registry.ts';

/** One question to a host: a wanted state, or a free check. Ids are unique within one script. */
export type CheckItem =
  | { readonly id: string; readonly state: State }
  | { readonly id: string; readonly check: Check };

/** A fresh marker; remote text cannot know it, so it cannot forge an answer. */
export function createMarker(random: (size: number) => Buffer = randomBytes): string {
  return `m${random(16).toString('hex')}`;
}

/**
 * One POSIX sh script that answers all items in one round trip. It changes nothing, reads no stdin
 * and exits 0; every item runs in its own subshell. The caller splits items by privilege.
 */
export function compileChecks(items: readonly CheckItem[], marker: string): string {
  if (!/^[A-Za-z0-9]{16,64}$/.test(marker)) {
    throw new DeckhandError('internal.defect', 'A check marker needs 16 to 64 letters and digits.');
  }
  const parts = [...batches(items), ...singles(items)].map(
    ([item, fragment]) =>
      `I=${item}\n(\n${fragment}\n) </dev/null 2>/dev/null\nprintf '%s %s . %s\\n' "$M" "$I" "$?"\n`,
  );
  // The first newline parts the answers from what a login script may have printed.
  return `M=${marker}\n${CHECK_PRELUDE}echo\n${parts.join('')}exit 0\n`;
}

/** The name under which a batched kind answers. */
export function batchName(kind: State['kind']): string {
  return `@${kind}`;
}

function batches(items: readonly CheckItem[]): readonly (readonly [string, string])[] {
  const states = items.flatMap(item => ('state' in item ? [item.state] : []));
  const groups = Map.groupBy(states, state => state.kind);
  return [...groups].flatMap(([kind, members]) => {
    const first = members[0];
    const fragment = first && kindOf(first).checkAll?.(members);
    return fragment === undefined ? [] : [[batchName(kind), fragment] as const];
  });
}

function singles(items: readonly CheckItem[]): readonly (readonly [string, string])[] {
  return items.flatMap((item, index) => {
    if ('check' in item) return [[String(index), `probe check ${quote(item.check.script)}`] as const];
    const kind = kindOf(item.state);
    return kind.checkAll ? [] : [[String(index), kind.check(item.state)] as const];
  });
}
