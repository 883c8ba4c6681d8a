import type { Plan, Step } from '../core/plan.ts';
import type { State } from '../core/state.ts';
import { judgeCommand } from '../policy/judge.ts';

/** Where the values of a plan may come from: what a person said, and what hosts printed. */
export interface Origins {
  /** The request, parameters, answers, names of hosts, plans that were shown before. */
  readonly trusted: readonly string[];
  /** Facts in free text, output of commands: whatever a host or whoever writes to it could have chosen. */
  readonly untrusted: readonly string[];
}

/** A value that decides what a step touches. */
interface Named {
  readonly kind: 'package' | 'unit' | 'path' | 'user' | 'address' | 'name';
  readonly value: string;
}

const SHORTEST = 3;
const ADDRESS = /\b[a-z][a-z0-9+.-]*:\/\/[^\s'"`<>|;)\\]+|\b\d{1,3}(?:\.\d{1,3}){3}\b/gi;
/** This host itself, or all of its own addresses. */
const LOCAL = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:localhost|127\.|0\.0\.0\.0|\[?::1?\]?)/i;
const HOST_NAME = /\b(?:[a-z0-9-]+\.)+[a-z]{2,}\b/gi;

/**
 * Why a person must see the plan: each host, path, address, package, unit or account of a step that was seen only in
 * what hosts printed, and nowhere in what a person said.
 */
export function taintOf(plan: Plan, origins: Origins): readonly string[] {
  const trusted = origins.trusted.join('\n');
  const untrusted = origins.untrusted.join('\n');
  const doubts = plan.steps.flatMap(step => [
    ...strangersOf(step, trusted),
    ...valuesOf(step)
      .filter(({ value }) => untrusted.includes(value) && !containsWord(trusted, value))
      .map(
        ({ kind, value }) =>
          `${step.id}: the ${kind} ${value.slice(0, 200)} was seen only in output of a host`,
      ),
  ]);
  return [...new Set(doubts)].slice(0, 100);
}

/** Addresses that no person named: where something is fetched from is never a model's own idea. */
function strangersOf(step: Step, trusted: string): readonly string[] {
  if (step.madeBy !== 'model') return [];
  return valuesOf(step)
    .filter(({ kind, value }) => kind === 'address' && !LOCAL.test(value) && !containsWord(trusted, value))
    .filter(({ value }) => value.match(ADDRESS) !== null)
    .map(({ value }) => `${step.id}: the address ${value.slice(0, 200)} was named by nobody`);
}

/** Every value of a step that says what is touched or where something comes from. */
function valuesOf(step: Step): readonly Named[] {
  return step.states.flatMap(valuesOfState).filter(({ value }) => value.length >= SHORTEST);
}

function valuesOfState(state: State): readonly Named[] {
  switch (state.kind) {
    case 'package':
      return [{ kind: 'package', value: state.name }];
    case 'service':
      return [{ kind: 'unit', value: state.name }];
    case 'file':
      return [
        { kind: 'path', value: state.path },
        ...addressesOf(state.content),
        ...ofText(state.validate ?? ''),
      ];
    case 'line':
      return [{ kind: 'path', value: state.path }, ...addressesOf(state.line)];
    case 'link':
      return [
        { kind: 'path', value: state.path },
        { kind: 'path', value: state.target },
      ];
    case 'user':
      return [
        { kind: 'user', value: state.name },
        ...[...state.groups, ...state.authorizedKeys].map((value): Named => ({ kind: 'name', value })),
      ];
    case 'command':
      return ofText(state.script);
    default:
      // every text of a kind that has no row here counts
      return Object.entries(state).flatMap(([field, value]): Named[] =>
        field !== 'kind' && field !== 'ensure' && typeof value === 'string' ? [{ kind: 'name', value }] : [],
      );
  }
}

function addressesOf(text: string): readonly Named[] {
  const found = [...text.matchAll(ADDRESS), ...text.matchAll(HOST_NAME)];
  return found.map(([value]) => ({ kind: 'address', value }));
}

/** The subjects of a command's effects, its addresses, and its words. */
function ofText(text: string): readonly Named[] {
  const { effects, segments } = judgeCommand(text);
  const subjects = effects
    .filter(({ subject }) => subject !== '?')
    .map(({ subject }): Named => ({ kind: 'name', value: subject }));
  const words = segments
    .flatMap(({ argv }) => argv.slice(1))
    .flatMap((word): Named[] =>
      word !== null && /[/.@:]/.test(word) ? [{ kind: 'name', value: word }] : [],
    );
  return [...subjects, ...words, ...addressesOf(text)];
}

/** The value by itself, not as a part of a longer word. */
function containsWord(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) {
    const before = text[at - 1] ?? ' ';
    const after = text[at + value.length] ?? ' ';
    if (!/[\p{L}\p{N}_]/u.test(before) && !/[\p{L}\p{N}_-]/u.test(after)) return true;
  }
  return false;
}
