import { unitsOf } from '../agent/step-resources.ts';
import { type Health, mayLoseWayIn, regressionsOf } from '../agent/undo/regressions.ts';
import type { CommandRun } from '../core/command-run.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Step } from '../core/plan.ts';
import type { StepReport, StepUndo, UndoSubject } from '../core/run-report.ts';
import type { PackageChange } from '../core/state.ts';
import { oneLine } from '../core/untrusted.ts';
import { createMarker } from '../states/compile-checks.ts';
import { type KeepWish, keepScript, keptBy, seeScript } from '../states/keep-script.ts';
import { privilegeOf } from '../states/registry.ts';
import type { CheckPort } from './check-host.ts';

const KEEP_TIMEOUT = 300_000;
const ANSWER_LIMIT = 4 * 1024 * 1024;
/** How often what is lost is looked for again, and milliseconds between: a unit that restarts comes back. */
const LOOKS = 5;
const LOOK_AGAIN = 1000;

/** How steps are kept and compared on one host. */
export interface KeepPort {
  /** Names the run on the host: `[a-z0-9-]+`. */
  readonly run: string;
  /** Throws when nobody can come in by ssh any more; a connection of its own. */
  readonly tryLogin: (signal: AbortSignal) => Promise<void>;
}

/** A step about to run, and how all that it may change is now. */
export interface Before {
  readonly wish: KeepWish;
  readonly subjects: readonly (Omit<UndoSubject, 'left'> & { readonly held: boolean })[];
  readonly health: Health;
  /** Why nothing was kept; null = it was. */
  readonly fault: string | null;
}

/** Keeps what the step declares on the host itself, private. What cannot be kept is told, and stops nothing. */
export async function keepBefore(
  port: CheckPort,
  { run }: KeepPort,
  step: Step,
  signal: AbortSignal,
): Promise<Before> {
  const root = step.states.some(state => privilegeOf(state) === 'root');
  const privilege = root ? 'root' : 'user';
  const wish: KeepWish = { kept: `${run}/${step.id}`, privilege, ...keptBy(step.states) };
  try {
    const lines = await answer(port, wish, 'keep', `keep what it may change: ${step.title}`, signal);
    const subjects = subjectLines(lines).flatMap(({ number, how, what }) => {
      const subject = wish.subjects[number];
      return subject ? [{ number, ...subject, was: what, held: how === 'kept' }] : [];
    });
    return { wish, subjects, health: healthLines(lines), fault: null };
  } catch (error) {
    signal.throwIfAborted();
    return { wish, subjects: [], health: [], fault: oneLine(toDeckhandError(error).message) };
  }
}

/**
 * What is different after the step, and what no longer works. Null where it could not be seen. `beside`: the steps
 * that have run at the same time until now.
 */
export async function compareAfter(
  port: CheckPort,
  keep: KeepPort,
  step: Step,
  before: Before,
  signal: AbortSignal,
  beside: () => readonly Step[] = () => [],
): Promise<Pick<StepReport, 'undo' | 'regressions'>> {
  const { wish, fault } = before;
  const empty = { kept: wish.kept, privilege: wish.privilege, subjects: [], packages: [] };
  const nothing = (why: string): StepUndo => ({ ...empty, uncovered: [why] });
  if (fault !== null) return { undo: nothing(`nothing was kept before it: ${fault}`) };
  try {
    const purpose = `compare with before: ${step.title}`;
    const see = async (what: KeepWish): Promise<readonly string[]> =>
      await answer(port, what, 'see', purpose, signal);
    const lostBy = (seen: readonly string[]): readonly string[] =>
      regressionsOf(step, before.health, healthLines(seen), beside().flatMap(unitsOf));
    // what is kept may be large: it is read once more at most, when all has come back or is given up
    const healthOnly: KeepWish = { ...wish, subjects: [], packages: false };
    let lines = await see(wish);
    let lost = lostBy(lines);
    const waited = lost.length > 0;
    for (let look = 1; lost.length > 0 && look < LOOKS; look += 1) {
      await port.clock.sleep(LOOK_AGAIN, signal);
      lost = lostBy(await see(healthOnly));
    }
    if (waited) {
      lines = await see(wish);
      lost = lostBy(lines);
    }
    const locked = mayLoseWayIn(step) ? await loginFault(keep, signal) : [];
    const regressions = [...locked, ...lost];
    return { undo: undoOf(before, lines), ...(regressions.length > 0 ? { regressions } : {}) };
  } catch (error) {
    signal.throwIfAborted();
    const why = oneLine(toDeckhandError(error).message);
    return { undo: nothing(`how the step left it could not be seen: ${why}`) };
  }
}

async function loginFault({ tryLogin }: KeepPort, signal: AbortSignal): Promise<readonly string[]> {
  try {
    await tryLogin(signal);
    return [];
  } catch (error) {
    signal.throwIfAborted();
    return [`nobody can log in by ssh any more: ${oneLine(toDeckhandError(error).message)}`];
  }
}

function undoOf({ wish, subjects }: Before, lines: readonly string[]): StepUndo {
  const left = new Map(subjectLines(lines).map(({ number, what }) => [number, what]));
  const changed = subjects.flatMap(({ held, ...subject }) => {
    const now = left.get(subject.number);
    return now === undefined || now === subject.was ? [] : [{ held, subject: { ...subject, left: now } }];
  });
  return {
    kept: wish.kept,
    privilege: wish.privilege,
    subjects: changed.filter(({ held }) => held).map(({ subject }) => subject),
    packages: lines.flatMap(packageLine),
    uncovered: changed
      .filter(({ held }) => !held)
      .map(({ subject: { name, was } }) => `${name} was not kept: ${was}`),
  };
}

/** Sends one of the two scripts and gives the lines behind its marker. Throws when the answer is not whole. */
async function answer(
  port: CheckPort,
  wish: KeepWish,
  what: 'keep' | 'see',
  purpose: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const marker = createMarker();
  const run = await port.run(
    {
      host: port.host,
      script: what === 'keep' ? keepScript(wish, marker) : seeScript(wish, marker),
      privilege: wish.privilege,
      timeout: KEEP_TIMEOUT,
      outputLimit: ANSWER_LIMIT,
      durable: false,
      repeatable: true,
    },
    signal,
  );
  port.journal.record(run, purpose);
  const lines = new TextDecoder()
    .decode(run.stdout)
    .split('\n')
    .flatMap(line => (line.startsWith(`${marker} `) ? [line.slice(marker.length + 1).trimEnd()] : []));
  if (run.verdict !== 'succeeded' || lines.at(-1) !== 'end')
    throw new DeckhandError('step.check-unreadable', faultOf(run));
  return lines.slice(0, -1);
}

function faultOf({ exitCode, stderr }: CommandRun): string {
  const words = oneLine(new TextDecoder().decode(stderr)).slice(0, 300);
  return words === '' ? `the script ended with exit code ${exitCode}` : words;
}

function subjectLines(
  lines: readonly string[],
): readonly { readonly number: number; readonly how: string; readonly what: string }[] {
  return lines.flatMap(line => {
    const [, number, how = '', what = ''] = /^SUBJECT (\d+) (\S+) (.+)$/.exec(line) ?? [];
    return number === undefined ? [] : [{ number: Number(number), how, what: oneLine(what).slice(0, 1000) }];
  });
}

function healthLines(lines: readonly string[]): Health {
  return lines.flatMap(line => (line.startsWith('health ') ? [line.slice('health '.length)] : []));
}

function packageLine(line: string): readonly PackageChange[] {
  const [, name, was, left] = /^package ([a-z0-9][a-z0-9+.:-]*) (\S+) (\S+)$/.exec(line) ?? [];
  return name === undefined || was === undefined || left === undefined ? [] : [{ name, was, left }];
}
