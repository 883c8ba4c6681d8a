import type { TaskView } from '../api/task-api.ts';
import type { TaskRecord } from '../core/task.ts';

/** A task without what only the engine needs. */
export function viewOf(task: TaskRecord): TaskView {
  const { surroundings: _surroundings, ...view } = task;
  return view;
}
