import type { CommandRun, Privilege, RunCommand } from '../core/command-run.ts';
import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { compileChecks, createMarker, type CheckItem } from '../states/compile-checks.ts';
import { parseChecks } from '../states/parse-checks.ts';
import { privilegeOf } from '../states/registry.ts';
import type { Observation } from '../states/state-kind.ts';
import { explainFailure } from '../agent/corrections/explain.ts';
import type { RunJournal } from './run-journal.ts';

const CHECK_TIMEOUT = 120_000;
const ANSWER_LIMIT = 16 * 1024 * 1024;
/** Milliseconds between two questions while a check may still come true. */
const ASK_AGAIN = 400;

export interface Observed extends Observation {
  /** The command run that saw it. */
  readonly commandRunId: string;
}
export type Observations = ReadonlyMap<string, Observed>;

export interface CheckPort {
  readonly host: string;
  readonly run: RunCommand;
  readonly journal: RunJournal;
  readonly clock: Clock;
}

/** Asks a host all questions at once: one round trip for each privilege that is needed. */
export async function checkHost(
  port: CheckPort,
  items: readonly CheckItem[],
  purpose: string,
  signal: AbortSignal,
): Promise<Observations> {
  const groups = Map.groupBy(items, privilegeOfItem);
  const answers = await Promise.all(
    [...groups].map(([privilege, members]) => ask(port, members, privilege, purpose, signal)),
  );
  return new Map(answers.flatMap(answer => [...answer]));
}

/** Like `checkHost`, and asks again until each check's `within` is over or it holds. */
export async function checkUntil(
  port: CheckPort,
  items: readonly CheckItem[],
  purpose: string,
  signal: AbortSignal,
): Promise<Observations> {
  const startedAt = port.clock.monotonic();
  const merged = new Map(await checkHost(port, items, purpose, signal));
  for (;;) {
    const waited = port.clock.monotonic() - startedAt;
    const open = items.filter(item => merged.get(item.id)?.holds !== true && waited < patience(item));
    if (open.length === 0) return merged;
    await port.clock.sleep(ASK_AGAIN, signal);
    for (const [id, seen] of await checkHost(port, open, purpose, signal)) merged.set(id, seen);
  }
}

function patience(item: CheckItem): number {
  return 'check' in item ? item.check.within * 1000 : 0;
}

function privilegeOfItem(item: CheckItem): Privilege {
  return 'check' in item ? item.check.privilege : privilegeOf(item.state);
}

async function ask(
  port: CheckPort,
  items: readonly CheckItem[],
  privilege: Privilege,
  purpose: string,
  signal: AbortSignal,
): Promise<Observations> {
  const marker = createMarker();
  const script = compileChecks(items, marker);
  const run = await port.run(
    {
      host: port.host,
      script,
      privilege,
      timeout: CHECK_TIMEOUT,
      outputLimit: ANSWER_LIMIT,
      durable: false,
      repeatable: true,
    },
    signal,
  );
  port.journal.record(run, purpose);
  if (run.verdict !== 'succeeded') throw unreadable(port.host, run);
  return new Map(
    [...parseChecks(run.stdout, marker, items)].map(([id, seen]) => [id, { ...seen, commandRunId: run.id }]),
  );
}

function unreadable(host: string, run: CommandRun): DeckhandError {
  const cause = explainFailure(run, `${host}: reading the state`);
  return new DeckhandError('step.check-unreadable', cause.message, { cause, details: cause.details });
}
