import { posix } from 'node:path';
import type { Step } from '../../core/plan.ts';
import type { StepReport, StepUndo, UndoSubject } from '../../core/run-report.ts';
import type { State } from '../../core/state.ts';
import { proofText } from '../../states/command.ts';
import { describeState } from '../../states/registry.ts';
import { fullUnit } from '../../states/unit-name.ts';

/** What a step did to one host, as its report has it. */
export interface DoneStep {
  readonly step: Step;
  readonly report: Pick<StepReport, 'changes' | 'undo'>;
}

/**
 * The states that take a step back, in their order: what has to stop, its commands' own way back, accounts and paths
 * from last to first, packages, and what has to run again. Empty: nothing of it can be taken back. Pure.
 */
export function undoStates({ step, report }: DoneStep, anyway = false): readonly State[] {
  const { undo, changes } = report;
  const units = (undo?.subjects ?? []).filter(({ of }) => of === 'unit');
  const reversed = (undo?.subjects ?? []).filter(({ of }) => of !== 'unit').toReversed();
  // accounts were in the groups that were there: these come first
  const [groups = [], rest = []] = [true, false].map(first =>
    reversed.filter(one => isOldGroup(one) === first),
  );
  const others = [...groups, ...rest.map(one => withMembership(one, groups))];
  const paths = others.flatMap(({ of, name }) => (of === 'path' || of === 'tree' ? [name] : []));
  const ran = new Set(changes.map(({ state }) => state));
  const commands = step.states.filter(
    (state): state is Command => state.kind === 'command' && ran.has(describeState(state)),
  );
  return [
    ...units.filter(unit => !ranBefore(unit)).map(unit => serviceAsBefore(unit, [], 'reload')),
    ...commandsBack(step, commands),
    ...others.map(subject => restored(subject, undo as StepUndo, anyway)),
    ...packagesBack(undo, anyway),
    ...again(step, units, paths),
  ];
}

/** The step that takes another one back, whose states are given; `over` is what a plan of several adds. Pure. */
export function undoStep(
  step: Pick<Step, 'id' | 'title' | 'timeout' | 'madeBy'>,
  states: readonly State[],
  over: Partial<Step> = {},
): Step {
  return {
    id: `undo-${step.id}`.slice(0, 64),
    title: `undo: ${step.title}`.slice(0, 300),
    dependsOn: [],
    states: [...states],
    checks: [],
    timeout: step.timeout,
    // what was kept is ours; only a way back that a model wrote is as little trusted as the model
    ...(step.madeBy && states.some(({ kind }) => kind === 'command') ? { madeBy: step.madeBy } : {}),
    ...over,
  };
}

type Command = Extract<State, { kind: 'command' }>;

/** A group comes back with its members, and so does the account's place in it: that is not somebody's change since. */
function withMembership(subject: UndoSubject, groups: readonly UndoSubject[]): UndoSubject {
  const [, head, words, tail] = /^(.* groups )(.*)( keys .*)$/.exec(subject.left) ?? [];
  if (subject.of !== 'user' || head === undefined || words === undefined) return subject;
  const back = groups.filter(({ was }) => was.split(':').at(-1)?.split(',').includes(subject.name));
  const all = new Set([...words.split(' '), ...back.map(({ name }) => name)]);
  return { ...subject, left: `${head}${[...all].sort().join(' ')}${tail}` };
}

function isOldGroup({ of, was }: UndoSubject): boolean {
  return of === 'group' && !was.startsWith('absent');
}

function ranBefore({ was }: UndoSubject): boolean {
  return was.startsWith('active');
}

/** Units of the step that ran before it and were not touched: they may have to read again what is put back. */
function again(step: Step, units: readonly UndoSubject[], paths: readonly string[]): readonly State[] {
  const known = new Set(units.map(({ name }) => fullUnit(name)));
  const reading = step.states.flatMap(state =>
    state.kind === 'service' && state.running && !known.has(fullUnit(state.name)) ? [state] : [],
  );
  const reread = [...new Set(paths.flatMap(path => [path, posix.dirname(path)]))];
  const back = units.filter(ranBefore).map(unit => {
    const state = step.states.find(
      one => one.kind === 'service' && fullUnit(one.name) === fullUnit(unit.name),
    );
    return serviceAsBefore(unit, reread, state?.kind === 'service' ? state.reloadBy : 'reload');
  });
  const rereading = reading
    .filter(({ reloadAfter }) => reloadAfter.length > 0)
    .map(state => ({ ...state, reloadAfter: [...new Set([...state.reloadAfter, ...reread])] }));
  return [...back, ...rereading];
}

function serviceAsBefore(
  { name, was }: UndoSubject,
  reloadAfter: readonly string[],
  reloadBy: 'reload' | 'restart',
): State {
  const [, file = ''] = was.split(' ');
  const running = was.startsWith('active');
  return {
    kind: 'service',
    name,
    running,
    enabled: file.startsWith('enabled'),
    reloadAfter: [...reloadAfter],
    reloadBy,
  };
}

function restored(
  { number, of, name, was, left }: UndoSubject,
  { kept, privilege }: StepUndo,
  anyway: boolean,
): State {
  if (of === 'unit') throw new TypeError('units are services');
  return {
    kind: 'restored',
    of,
    name,
    was,
    left,
    kept: `${kept}/${number}`,
    packages: [],
    privilege,
    anyway,
  };
}

function packagesBack(undo: StepUndo | undefined, anyway: boolean): readonly State[] {
  if (!undo || undo.packages.length === 0) return [];
  const { kept, privilege, packages } = undo;
  const name = packages
    .map(one => one.name)
    .join(' ')
    .slice(0, 4000);
  const words = { was: 'as listed', left: 'as listed', kept: `${kept}/0`, privilege, anyway };
  return [{ kind: 'restored', of: 'packages', name, packages: [...packages], ...words }];
}

/** What its author says takes the commands back; done when none of them looks done any more. */
function commandsBack({ undo, title }: Step, commands: readonly Command[]): readonly State[] {
  const [first] = commands;
  if (undo === undefined || !first) return [];
  const open = commands.map(command => `if ${proofText(command)}; then exit 1; fi`);
  return [
    {
      kind: 'command',
      title: `undo: ${title}`.slice(0, 300),
      script: undo,
      unless: `${open.join('\n')}\nexit 0`,
      privilege: commands.some(({ privilege }) => privilege === 'root') ? 'root' : 'user',
      effects: [...new Set(commands.flatMap(({ effects }) => effects))],
      destructive: true,
    },
  ];
}
