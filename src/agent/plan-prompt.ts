import type { Plan } from '../core/plan.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import { FENCE_RULE, fence } from './evidence.ts';
import { type ImprovedRequest, requestText } from './improve.ts';
import { MOST_STEPS } from './plan-from-answer.ts';

export const PLAN_INSTRUCTIONS = [
  'You plan work on servers that Deckhand carries out over SSH. Answer with a plan as data.',
  '- When one of the runbooks does all of the request, give its name and parameters, and no steps.',
  '- Otherwise write steps of typed states: package (name), service (name, running, enabled, reloadAfter: files whose',
  '  change asks for a reload), file (path, content, mode, owner, group), directory, link (path, target), line (path,',
  '  line, replace: an extended regular expression), user, group. States say what is to be true; they are idempotent.',
  '- Use a command only where no state fits. A command needs a title, and `unless` (read-only POSIX sh, exit 0 =',
  '  nothing to do) or `creates` (a path), the effects (paths, service:x, package:x); its step says in `undo` (POSIX sh) how it is taken back.',
  '- A command that takes thought: give its title alone, `command` null; you are asked for that step by itself afterwards.',
  '- Checks, prerequisites, `unless` and `done` only look: read-only POSIX sh that asks the host itself. Anything else',
  '  is refused. `done` proves the whole goal; Deckhand runs it on every host, and nothing you say counts as success.',
  '- A step names the steps it depends on; steps that are independent do not, and may run together;',
  '  `priority` (0 to 100) says which goes first, `estimateSeconds` how long it takes. `hosts` is empty when it is for all.',
  `- At most ${MOST_STEPS} steps; ids like "install-nginx". Fields that do not apply are null.`,
  '- Never weaken ssh, sudo, firewalls or permissions to get something done. No downloads piped into a shell.',
  FENCE_RULE,
].join('\n');

export interface PlanPrompt {
  readonly request: ImprovedRequest;
  readonly groups: readonly FactGroup[];
  readonly runbooks: readonly Runbook[];
  /** A person's words since, and what an earlier plan came to; empty for the first. */
  readonly history?: readonly string[];
}

/** Hosts of which the same is known, and what. */
export interface FactGroup {
  readonly hosts: readonly string[];
  readonly facts: string;
}

/** What changes by the minute and decides nothing, or is told elsewhere. */
const LEFT_OUT = new Set(['version', 'collectedAt', 'uptime', 'bootId', 'clockSkew', 'account', 'state']);
const OWN = new Set(['hostname', 'memory', 'disks', 'listeners']);

/** One group for each set of equal facts; what every host has of its own is told beside them. */
export function groupFacts(
  hosts: readonly { readonly host: string; readonly facts: Readonly<Record<string, unknown>> }[],
): readonly FactGroup[] {
  const pick = (facts: Readonly<Record<string, unknown>>, wanted: (name: string) => boolean): string =>
    JSON.stringify(Object.fromEntries(Object.entries(facts).filter(([name]) => wanted(name))));
  const shared = Map.groupBy(hosts, ({ facts }) =>
    pick(facts, name => !LEFT_OUT.has(name) && !OWN.has(name)),
  );
  return [...shared].map(([facts, members]) => ({
    hosts: members.map(({ host }) => host),
    facts: [
      facts,
      ...members.map(({ host, facts: all }) => `${host}: ${pick(all, name => OWN.has(name))}`),
    ].join('\n'),
  }));
}

/** The prompt for a plan. Facts are fenced: a host chooses its name, its mounts and its banners. */
export function planPrompt({ request, groups, runbooks, history = [] }: PlanPrompt): string {
  return [
    requestText(request),
    '',
    'Hosts:',
    ...groups.map(({ hosts, facts }) => `${hosts.join(', ')}\n${fence('facts', facts)}`),
    '',
    'Runbooks:',
    ...runbooks.map(describeRunbook),
    ...(history.length === 0 ? [] : ['', ...history]),
  ].join('\n');
}

function describeRunbook({ name, title, parameters }: Runbook): string {
  const takes = Object.entries(parameters).map(
    ([parameter, { required }]) => `${parameter}${required ? '' : '?'}`,
  );
  return `- ${name} (${takes.join(', ')}): ${title.en}`;
}

/** A plan for a prompt: what it did, without the words around it. */
export function planText({ goal, steps, postconditions }: Plan): string {
  return JSON.stringify({
    goal,
    steps,
    done: postconditions.map(({ title, script }) => ({ title, script })),
  });
}
