import type { TaskView } from '../api/task-api.ts';
import type { TaskRecord } from '../core/task.ts';

/** A task without what only the engine needs. */
export function viewOf({ surroundings: _, ...view }: TaskRecord): TaskView {
  return view;
}
