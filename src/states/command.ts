import type { Effect, StateOf } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { APPLY_PRELUDE } from './apply-prelude.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';
import { readProbe } from './probe.ts';

type Command = StateOf<'command'>;

/** A script with its own proof: it holds when all of `creates` and `unless` that are given hold. */
export const commandKind: StateKind<Command> = {
  describe: state => `command ${state.title}`,
  check: state =>
    [
      ...(state.creates === undefined ? [] : [`look creates ${quote(state.creates)} || :`]),
      ...(state.unless === undefined ? [] : [`probe unless ${quote(state.unless)}`]),
    ].join('\n'),
  judge: judgeCommand,
  apply: applyScript,
  effects: declaredEffects,
  privilege: state => state.privilege,
};

function judgeCommand(state: Command, facts: Facts) {
  const error = factOf(facts, 'error');
  if (error !== undefined) return undecided(error);
  const todo = { field: 'command', before: 'not done', after: state.title };
  if (state.creates !== undefined) {
    const found = factOf(facts, 'creates');
    if (found === undefined) return undecided(`${state.creates} could not be looked at.`);
    if (found === 'missing') return observe([todo], `${state.creates} is missing.`);
  }
  if (state.unless === undefined) return observe([], `${state.creates ?? ''} exists.`);
  const probe = readProbe(factOf(facts, 'unless'));
  if (probe.holds === null) return undecided(probe.evidence);
  return observe(probe.holds ? [] : [todo], probe.evidence);
}

/** POSIX sh that holds where the command is done. It reads nothing: what it is part of may come on the same stdin. */
export function proofText({ creates, unless }: Command): string {
  return [
    ...(creates === undefined ? [] : [`[ -e ${quote(creates)} ]`]),
    ...(unless === undefined ? [] : [`sh -c ${quote(unless)} </dev/null >/dev/null 2>&1`]),
  ].join(' && ');
}

function applyScript(state: Command): string {
  // a run that did nothing prints nothing of what is expected; it is begun only when a look says that it does not hold
  const head = state.expected === undefined ? `if ${proofText(state)}; then exit 0; fi\n` : '';
  return `${APPLY_PRELUDE}${head}${state.script}
`;
}

const PREFIXES = ['package', 'service', 'user', 'group'] as const;

/** Declared effects as data: `/a/path`, `service:nginx`, `package:x`, `user:x`, `group:x`, else free words. */
function declaredEffects(state: Command): readonly Effect[] {
  const risk = state.destructive ? 'destructive' : state.privilege === 'root' ? 'privileged' : 'change';
  const effects = state.effects.map((text): Effect => {
    if (text.startsWith('/')) return { kind: 'path', subject: text, risk };
    const kind = PREFIXES.find(prefix => text.startsWith(`${prefix}:`));
    if (kind === undefined) return { kind: 'other', subject: text, risk };
    return { kind, subject: text.slice(kind.length + 1).trim(), risk };
  });
  return effects.length > 0 ? effects : [{ kind: 'other', subject: state.title, risk }];
}
