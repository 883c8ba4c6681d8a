import { CollectedOutput } from '../api/over-tasks/collected-output.ts';
import type { FollowItem, TaskView } from '../api/task-api.ts';
import type { OutputPiece } from '../core/task-event.ts';
import { jsonLine } from './json-output.ts';
import { oneLine } from './layout.ts';
import { type RemoteWriter, remoteWriter } from './remote-writer.ts';
import { eventText, timeText } from './render-tasks.ts';
import type { TaskSession } from './task-session.ts';

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
    for (const task of tasks) this.#names.set(task.id, task.host ?? task.id);
  }

  item(item: FollowItem): void {
    if (this.#session.flags.jsonl) this.#asLine(item);
    else if (item.item === 'output' && this.#session.flags.json)
      this.#collected.add(item.task, item.attempt, item.pieces);
    else if (item.item === 'output') this.#pieces(item.task, item.attempt, item.pieces);
    else if (item.item === 'event' && this.#events)
      this.#session.say(
        `${timeText(Date.parse(item.event.time))} ${item.event.kind} ${oneLine(eventText(item.event))}`,
      );
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
