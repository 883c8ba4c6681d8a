import { DeckhandError } from '../../core/deckhand-error.ts';
import type { OutputPiece, TaskEvent } from '../../core/task-event.ts';
import type { Answer, FollowItem, Question, Submission, Submitted, TaskApi, TaskView } from '../task-api.ts';

/** Milliseconds that a cancel may take to be proved before nobody waits for it any more. */
export const CANCEL_PATIENCE = 45_000;

/** Who watches one submission, and answers for it. */
export interface Watcher {
  /** Aborted: the tasks are cancelled (not by force), and their end is waited for. */
  readonly signal: AbortSignal;
  readonly onSubmitted: (submitted: Submitted) => void;
  readonly onOutput: (task: string, attempt: number, pieces: readonly OutputPiece[]) => void;
  readonly onTaskEvent: (event: TaskEvent) => void;
  /** Never throws; null = nobody can say. */
  readonly answer: (question: Question) => Promise<Answer>;
  /** Milliseconds to wait for a cancel; default `CANCEL_PATIENCE`. */
  readonly cancelPatience?: number;
}

/** What was seen of a submission. A task that has no view in `ended` was not seen to end. */
export interface CarriedOut {
  readonly submitted: Submitted;
  readonly ended: ReadonlyMap<string, TaskView>;
  readonly cancelled: boolean;
}

/**
 * Submits, follows every task to its end and passes questions on. Throws what the task api throws
 * (`daemon.unreachable`, `input.invalid` …); failures of tasks are data.
 */
export async function carryOut(
  tasks: TaskApi,
  submission: Submission,
  watcher: Watcher,
): Promise<CarriedOut> {
  watcher.signal.throwIfAborted();
  const following = new AbortController();
  const ended = new Map<string, TaskView>();
  let submitted: Submitted | undefined;
  using stopping = cancelOnAbort(tasks, watcher, following, () => submitted?.group);
  const take = (item: FollowItem): void => {
    if (item.item === 'submitted') {
      submitted = item.submitted;
      watcher.onSubmitted(submitted);
      stopping.begin();
    } else if (item.item === 'output') watcher.onOutput(item.task, item.attempt, item.pieces);
    else if (item.item === 'event') watcher.onTaskEvent(item.event);
    else if (item.item === 'ended') ended.set(item.task.id, item.task);
    else if (item.item === 'question') void passOn(tasks, item.question, watcher);
  };
  try {
    const options = { signal: following.signal, answers: true };
    for await (const item of tasks.submitAndFollow(submission, options)) take(item);
  } catch (error) {
    // our own abort: nobody waits any more; what was seen is the answer
    if (!following.signal.aborted) throw error;
  }
  stopping.rethrow();
  if (!submitted) {
    watcher.signal.throwIfAborted();
    throw new DeckhandError('internal.defect', 'A submission was followed, but nothing was submitted.');
  }
  return { submitted, ended, cancelled: watcher.signal.aborted };
}

/** The answer goes where the question came from; nobody waits for it. A follow that fails says so itself. */
async function passOn(tasks: TaskApi, question: Question, watcher: Watcher): Promise<void> {
  const answer = await watcher.answer(question);
  await tasks.answer(question.task, question.id, answer).catch(() => false);
}

interface Stopping extends Disposable {
  /** The group is known from now on. */
  begin(): void;
  /** Throws what a cancel met, when it could not be asked for. */
  rethrow(): void;
}

/** Cancels once the signal is aborted and the group is known; gives up waiting after the patience. */
function cancelOnAbort(
  tasks: TaskApi,
  { signal, cancelPatience = CANCEL_PATIENCE }: Watcher,
  following: AbortController,
  group: () => string | undefined,
): Stopping {
  let timer: NodeJS.Timeout | undefined;
  let asked = false;
  let fault: DeckhandError | undefined;
  const cancel = async (id: string): Promise<void> => {
    try {
      await tasks.cancel(id, false);
    } catch (error) {
      // everything had ended already: the follow says how
      if (error instanceof DeckhandError && error.code === 'task.illegal-state') return;
      if (error instanceof DeckhandError) fault = error;
      following.abort();
    }
  };
  const onAbort = (): void => {
    timer ??= setTimeout(() => following.abort(), cancelPatience);
    const id = group();
    if (id === undefined || asked) return;
    asked = true;
    void cancel(id);
  };
  signal.addEventListener('abort', onAbort);
  return {
    begin() {
      if (signal.aborted) onAbort();
    },
    rethrow() {
      if (fault) throw fault;
    },
    [Symbol.dispose]() {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    },
  };
}
