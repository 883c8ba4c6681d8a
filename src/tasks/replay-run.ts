import { ALL_OFF } from '../agent/corrections/choose.ts';
import type { Clock } from '../core/clock.ts';
import type { CommandRequest, CommandRun } from '../core/command-run.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Replay, ReplayedPart } from '../core/run-remake.ts';
import type { CommandRunRecord, HostReport, RunReport, StepReport } from '../core/run-report.ts';
import { tailOf } from '../core/untrusted.ts';
import type { StepPort } from './apply-step.ts';
import { lookAtHost, runOnHost } from './host-run.ts';
import { RECORD_LIMIT, RunJournal } from './run-journal.ts';

/** What a check prints before each of its answers; another one in each run. */
const MARKER = /\bm[0-9a-f]{32}\b/;

/**
 * A recorded run once more, without any host: each command gets the answer that was recorded for exactly this
 * command, and everything is judged anew. Throws `input.invalid` for a run that cannot be repeated like this.
 */
export async function replayRun(report: RunReport, signal: AbortSignal): Promise<Replay> {
  if ((report.decisions ?? []).length > 0)
    throw new DeckhandError(
      'input.invalid',
      `${report.id}: its plan changed on the way; only the last one is kept.`,
      {
        hint: 'Replay a run that went through by its first plan.',
      },
    );
  if (report.hosts.some(({ steps }) => steps.some(({ undone }) => undone !== undefined)))
    throw new DeckhandError(
      'input.invalid',
      `${report.id}: a step was taken back by itself; that is not repeated.`,
    );
  const parts: ReplayedPart[] = [];
  for (const host of report.hosts) parts.push(...compare(host, await replayHost(report, host, signal)));
  return { run: report.id, parts, same: parts.every(({ same }) => same) };
}

type Replayed = Pick<HostReport, 'outcome' | 'steps' | 'proofs' | 'error'>;

async function replayHost(
  { plan }: RunReport,
  { host, commandRuns, steps }: HostReport,
  signal: AbortSignal,
): Promise<Replayed> {
  const corrected = steps.some(({ corrections }) => corrections.length > 0);
  const clock = new ReplayClock();
  const port: StepPort = {
    host,
    journal: new RunJournal(),
    clock,
    emit: () => {},
    onOutput: () => {},
    // what was recorded was let through then
    guard: async () => {},
    round: 0,
    corrections: {
      rules: { mode: 'off', book: { rules: [] }, off: new Set(corrected ? [] : [ALL_OFF]) },
      ask: async () => await Promise.resolve(true),
      audit: async () => {},
    },
    run: answersOf(host, commandRuns, clock),
  };
  try {
    return await runOnHost(port, plan, await lookAtHost(port, plan, signal), signal);
  } catch (error) {
    return { outcome: 'failed', steps: [], proofs: [], error: toDeckhandError(error).toJSON() };
  }
}

/** The recorded answers, each for its own command; the last one again for a command that is asked once more. */
function answersOf(host: string, records: readonly CommandRunRecord[], clock: ReplayClock): StepPort['run'] {
  const open = [...records];
  const given: CommandRunRecord[] = [];
  return async request => {
    const place = open.findIndex(record => isFor(record, request));
    const [record = given.findLast(one => isFor(one, request))] = place < 0 ? [] : open.splice(place, 1);
    if (!record)
      throw new DeckhandError(
        'step.check-unreadable',
        `${host}: nothing was recorded for this command: ${request.script.slice(-200)}`,
      );
    given.push(record);
    clock.pass(record.duration);
    return await Promise.resolve(runOf(record, request));
  };
}

function isFor(record: CommandRunRecord, request: CommandRequest): boolean {
  const markerless = (text: string): string => {
    const marker = MARKER.exec(text)?.[0];
    return marker === undefined ? text : text.replaceAll(marker, 'MARKER');
  };
  return markerless(record.script) === markerless(tailOf(request.script, RECORD_LIMIT));
}

function runOf(record: CommandRunRecord, request: CommandRequest): CommandRun {
  const { host, script, privilege } = request;
  const [before, now] = [MARKER.exec(record.stdout)?.[0], MARKER.exec(script)?.[0]];
  const answer =
    before === undefined || now === undefined ? record.stdout : record.stdout.replaceAll(before, now);
  const [stdout, stderr] = [new TextEncoder().encode(answer), new TextEncoder().encode(record.stderr)];
  const { id, verdict, exitCode, signal, duration } = record;
  return {
    id,
    host,
    script,
    privilege,
    verdict,
    exitCode,
    signal,
    duration,
    stdout,
    stderr,
    startedAt: 0,
    stdoutBytes: stdout.length,
    stderrBytes: stderr.length,
    truncated: false,
  };
}

function compare(recorded: HostReport, replayed: Replayed): readonly ReplayedPart[] {
  const { host } = recorded;
  const part = (name: string, before: string, after: string): ReplayedPart => ({
    host,
    part: name,
    recorded: before,
    replayed: after,
    same: before === after,
  });
  return [
    ...recorded.steps.map(step => {
      const again = replayed.steps.find(({ id }) => id === step.id);
      return part(`step ${step.id}`, stepText(step), again ? stepText(again) : 'not reached');
    }),
    ...recorded.proofs.map(({ title, holds }) => {
      const again = replayed.proofs.find(proof => proof.title === title);
      return part(`proof ${title}`, holdsText(holds), again ? holdsText(again.holds) : 'not reached');
    }),
    part('host', hostText(recorded), hostText(replayed)),
  ];
}

function stepText({ outcome, changes, corrections, error }: StepReport): string {
  const changed = changes.map(({ state, diff }) => `${state} ${JSON.stringify(diff)}`);
  const corrected = corrections.map(({ signature }) => `corrected ${signature}`);
  return [outcome, ...changed, ...corrected, ...(error ? [error.code] : [])].join('; ');
}

function holdsText(holds: boolean): string {
  return holds ? 'holds' : 'does not hold';
}

function hostText({ outcome, error }: Pick<HostReport, 'outcome' | 'error'>): string {
  return error ? `${outcome}: ${error.code}` : outcome;
}

/** Time passes as it was recorded; nobody waits. */
class ReplayClock implements Clock {
  #time = 0;

  pass(milliseconds: number): void {
    this.#time += milliseconds;
  }
  now(): number {
    return this.#time;
  }
  monotonic(): number {
    return this.#time;
  }
  async sleep(milliseconds: number): Promise<void> {
    this.pass(milliseconds);
    await Promise.resolve();
  }
}
