import { CollectedOutput } from '../api/over-tasks/collected-output.ts';
import { errorOfTask } from '../api/over-tasks/task-results.ts';
import { toTransferHostResult } from '../api/over-tasks/transfers.ts';
import type { FollowItem, TaskView } from '../api/task-api.ts';
import { isRunEvent } from '../api/over-tasks/run-events.ts';
import type { OutputPiece, TaskEvent } from '../core/task-event.ts';
import type { AgentRunResult } from '../core/task-params.ts';
import { isFinal } from '../core/task-state.ts';
import { MOVES } from './exit-of-tasks.ts';
import { jsonLine } from './json-output.ts';
import { oneLine } from './layout.ts';
import { describeEvent } from './progress-lines.ts';
import { type RemoteWriter, remoteWriter } from './remote-writer.ts';
import { renderPlan } from './render-plan.ts';
import { renderReport } from './render-report.ts';
import { eventText, timeText } from './render-tasks.ts';
import { renderProblems, renderTransfers } from './render-transfers.ts';
import type { Style } from './style.ts';
import type { TaskSession } from './task-session.ts';
import { TransferLines } from './transfer-display.ts';
import { advanceTransfers, type TransferRows } from './transfer-model.ts';

/** Most bytes of each stream that `--json` prints. */
const MOST_KEPT = 64 * 1024 * 1024;

/** Writes what tasks put out, as it was: stdout to stdout, stderr to stderr; under `--jsonl` every item as a line. */
export class TaskLog {
  readonly #session: Pick<TaskSession, 'terminal' | 'flags' | 'say'>;
  readonly #writers: Readonly<Record<'stdout' | 'stderr', RemoteWriter>>;
  readonly #several: boolean;
  readonly #events: boolean;
  readonly #names = new Map<string, string>();
  readonly #collected = new CollectedOutput(MOST_KEPT);
  readonly #moves: ReadonlySet<string>;
  readonly #lines = new TransferLines();
  #rows: TransferRows = new Map();
  #last = '';

  constructor(
    session: Pick<TaskSession, 'terminal' | 'flags' | 'say'>,
    tasks: readonly TaskView[],
    events: boolean,
  ) {
    const { stdout, stderr } = session.terminal;
    this.#session = session;
    this.#writers = { stdout: remoteWriter(stdout), stderr: remoteWriter(stderr) };
    this.#several = tasks.length > 1;
    this.#events = events;
    this.#moves = new Set(tasks.filter(task => MOVES.includes(task.kind)).map(task => task.id));
    for (const task of tasks) this.#names.set(task.id, task.host ?? task.id);
  }

  item(item: FollowItem): void {
    if (this.#session.flags.jsonl) this.#asLine(item);
    else if (item.item === 'output' && this.#session.flags.json)
      this.#collected.add(item.task, item.attempt, item.pieces);
    else if (item.item === 'output') this.#pieces(item.task, item.attempt, item.pieces);
    else if (item.item === 'event' && !this.#session.flags.json) this.#event(item.event);
  }

  /** What a run came to, as `ask` would have shown it. */
  report(task: TaskView, style: Style): void {
    const { json, jsonl } = this.#session.flags;
    const { preview, report } = (task.result ?? {}) as AgentRunResult;
    if (json || jsonl) return;
    if (preview) this.#session.terminal.stdout.write(renderPlan(preview, style));
    if (report) this.#session.terminal.stdout.write(renderReport(report, style));
    if (MOVES.includes(task.kind) && isFinal(task.state)) this.#transfer(task, style);
  }

  /** What a transfer came to, as `put` would have shown it. */
  #transfer(task: TaskView, style: Style): void {
    const results = [toTransferHostResult({ task, error: errorOfTask(task) })];
    this.#session.terminal.stdout.write(renderTransfers(results, style));
    const problems = renderProblems(results, style);
    if (problems !== '') this.#session.say(problems.trimEnd());
  }

  #event(event: TaskEvent): void {
    const line = isRunEvent(event) ? describeEvent(event) : this.#moved(event);
    if (this.#events)
      this.#session.say(`${timeText(Date.parse(event.time))} ${event.kind} ${oneLine(eventText(event))}`);
    else if (line !== null) this.#session.say(line);
  }

  /** How far a transfer is, now and then. */
  #moved(event: TaskEvent): string | null {
    const { kind, task } = event;
    if (kind !== 'phase' && kind !== 'progress' && kind !== 'attempt-failed') return null;
    if (!this.#moves.has(task)) return null;
    const update = { ...event, host: this.#names.get(task) ?? task, title: '' };
    this.#rows = advanceTransfers(this.#rows, update);
    return this.#lines.next(this.#rows, update);
  }

  /** Under `--json`: what was put out by each task. */
  document(tasks: readonly TaskView[]): { readonly tasks: readonly object[] } {
    return {
      tasks: tasks.map(({ id: task, host, state }) => ({ task, host, state, ...this.#collected.of(task) })),
    };
  }

  /** A heading goes to stderr where the task or the attempt changes; of one task's first attempt there is none. */
  #pieces(task: string, attempt: number, pieces: readonly OutputPiece[]): void {
    const source = `${task} ${attempt}`;
    if (source !== this.#last && (this.#several || attempt > 1)) {
      const again = attempt > 1 ? `, attempt ${attempt}` : '';
      this.#session.say(`==> ${oneLine(this.#names.get(task) ?? task)}${again} <==`);
    }
    this.#last = source;
    for (const { stream, bytes } of pieces) this.#writers[stream].write(bytes);
  }

  end(): void {
    this.#writers.stdout.end();
    this.#writers.stderr.end();
  }

  #asLine(item: FollowItem): void {
    const { stdout } = this.#session.terminal;
    if (item.item === 'output') {
      const { task, attempt, cursor } = item;
      for (const piece of item.pieces)
        stdout.write(jsonLine({ item: 'output', task, attempt, ...piece, cursor }));
    } else if (item.item !== 'question' && item.item !== 'question-closed') stdout.write(jsonLine(item));
  }
}
