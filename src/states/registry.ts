import type { Privilege } from '../core/command-run.ts';
import type { Effect, State, StateOf } from '../core/state.ts';
import { commandKind } from './command.ts';
import { directoryKind } from './directory.ts';
import { fileKind } from './file.ts';
import { groupKind } from './group.ts';
import { lineKind } from './line.ts';
import { linkKind } from './link.ts';
import { packageKind } from './package.ts';
import { serviceKind } from './service.ts';
import type { StateKind } from './state-kind.ts';
import { restoredKind } from './restored.ts';
import { userKind } from './user.ts';

/** Every kind of state there is; the compiler keeps it complete. */
export const STATE_KINDS: { readonly [Kind in State['kind']]: StateKind<StateOf<Kind>> } = {
  package: packageKind,
  service: serviceKind,
  file: fileKind,
  directory: directoryKind,
  link: linkKind,
  line: lineKind,
  user: userKind,
  group: groupKind,
  command: commandKind,
  restored: restoredKind,
};

/** The kind of a state. Its functions must be called with that state, or one of the same kind. */
export function kindOf(state: State): StateKind<State> {
  return STATE_KINDS[state.kind];
}

/** `file /etc/motd`. */
export function describeState(state: State): string {
  return kindOf(state).describe(state);
}

/** The script that brings the state about, to be run with `privilegeOf(state)`. Idempotent. */
export function applyState(state: State): string {
  return kindOf(state).apply(state);
}

/** What applying the state may touch. */
export function effectsOf(state: State): readonly Effect[] {
  return kindOf(state).effects(state);
}

/** Who the check and the apply script of a state run as. */
export function privilegeOf(state: State): Privilege {
  return kindOf(state).privilege(state);
}

const RISKS = ['change', 'privileged', 'destructive'] as const;

/** The highest risk of its effects. */
export function riskOf(state: State): Effect['risk'] {
  const highest = Math.max(0, ...effectsOf(state).map(effect => RISKS.indexOf(effect.risk)));
  return RISKS[highest] ?? 'change';
}
