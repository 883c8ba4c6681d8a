import type { Step } from '../../core/plan.ts';
import { writePlace } from '../../policy/paths/places.ts';
import { fullUnit } from '../../states/unit-name.ts';

/** Lines of `list_health`: `unit NAME active|failed`, `listen PLACE PROCESS`. */
export type Health = readonly string[];

/** Who listens for forwards of the person's own connections comes and goes. */
const PASSING = /^(sshd-session|sshd-auth|holder)$/;

/**
 * What worked before a step and does not after it, a sentence each: units that ran and do not, units that have failed,
 * listeners that are gone. What the step itself stops or removes is meant; `others` are full names of units that steps
 * beside it touch, which tell of them themselves. Pure.
 */
export function regressionsOf(
  step: Step,
  before: Health,
  after: Health,
  others: readonly string[] = [],
): readonly string[] {
  const removes = removesPackages(step);
  const stops = step.states.flatMap(state =>
    state.kind === 'service' && !state.running ? [fullUnit(state.name)] : [],
  );
  const meant = new Set([...stops, ...others]);
  const is = new Map(unitsOf(after));
  const lost = unitsOf(before).filter(
    ([name, state]) =>
      state === 'active' && !meant.has(name) && (is.get(name) ?? (removes ? 'active' : '')) !== 'active',
  );
  const was = new Map(unitsOf(before));
  const failed = unitsOf(after).filter(
    ([name, state]) => state === 'failed' && !was.has(name) && !others.includes(name),
  );
  return [
    ...lost.map(
      ([name]) => `${name} ran before and ${is.get(name) === 'failed' ? 'has failed' : 'does not run'} now`,
    ),
    ...failed.map(([name]) => `${name} has failed`),
    ...(removes || meant.size > 0 ? [] : lostListeners(before, after)),
  ];
}

function unitsOf(health: Health): readonly (readonly [string, string])[] {
  return health.flatMap(line => {
    const [kind, name = '', state = ''] = line.split(' ');
    return kind === 'unit' ? [[name, state] as const] : [];
  });
}

/** A process that left one port and opened another has moved. */
function lostListeners(before: Health, after: Health): readonly string[] {
  const [was, is] = [listenersOf(before), listenersOf(after)];
  const places = new Set(is.map(({ place }) => place));
  const known = new Set(was.map(({ place }) => place));
  const moved = new Set(is.filter(({ place }) => !known.has(place)).map(({ process }) => process));
  return was
    .filter(({ place, process }) => !places.has(place) && !moved.has(process) && !PASSING.test(process))
    .map(
      ({ place, process }) =>
        `nothing listens on ${place} now${process === '?' ? '' : `; it was ${process}`}`,
    );
}

function listenersOf(health: Health): readonly { readonly place: string; readonly process: string }[] {
  return health.flatMap(line => {
    const [kind, place = '', process = '?'] = line.split(' ');
    return kind === 'listen' ? [{ place: placeText(place), process }] : [];
  });
}

/** `0100007F:1F90` of the kernel as a port; anything else as it is. */
function placeText(place: string): string {
  const [, port] = /^[0-9A-F]{8,32}:([0-9A-F]{4})$/.exec(place) ?? [];
  return port === undefined ? place : `port ${Number.parseInt(port, 16)}`;
}

function removesPackages({ states }: Step): boolean {
  return states.some(
    state =>
      (state.kind === 'package' && state.ensure === 'absent') ||
      (state.kind === 'restored' && state.of === 'packages') ||
      (state.kind === 'command' && state.effects.some(effect => effect.startsWith('package:'))),
  );
}

/** Beyond what the policy calls access or the way in. */
const WAY_IN_PATH = /^\/etc\/(pam\.d$|security$|network|nftables|iptables|hosts\.|nsswitch)/;
const WAY_IN_UNIT = /^(ssh|sshd|network|systemd-networkd|NetworkManager|nftables|ufw|firewalld|fail2ban)/;

/** May the step keep us from coming in again? Then a login of its own is tried after it. */
export function mayLoseWayIn({ states }: Step): boolean {
  return states.some(state => {
    switch (state.kind) {
      case 'file':
      case 'line':
      case 'link':
      case 'directory':
        return isWayIn(state.path);
      case 'service':
        return WAY_IN_UNIT.test(state.name);
      case 'user':
      case 'group':
        return false;
      case 'restored':
        return state.of === 'packages' || isWayIn(state.name);
      case 'package':
      case 'command':
        return true;
    }
  });
}

function isWayIn(path: string): boolean {
  const place = writePlace(path);
  return place === 'access' || place === 'way-in' || WAY_IN_PATH.test(path);
}
