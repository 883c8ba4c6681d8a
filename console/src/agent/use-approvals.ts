import { useEffect, useRef } from 'react';
import type { Approval, TaskRow } from 'deckhand/client';
import { api } from '../engine/api.ts';
import { type Answer, useAnswer } from '../engine/use-answer.ts';

/** What a task waits for a person's word about. It may be answered elsewhere, and another question follow at once. */
export function useApprovals(task: TaskRow | null): Answer<readonly Approval[]> {
  const id = task?.id ?? '';
  const answer = useAnswer<readonly Approval[]>(`approvals ${id}`, async () =>
    id === '' ? [] : (await api.approvals('open')).filter(approval => approval.task === id),
  );
  const { reload } = answer;
  const waits = task?.state === 'waiting-approval';
  // each question is an event of the task: its state alone may be the same as before
  const newest = waits ? task.lastSeq : 0;
  const seen = useRef({ id, newest });
  useEffect(() => {
    const before = seen.current;
    seen.current = { id, newest };
    // of another task it is asked anyway
    if (before.id === id && before.newest !== newest) reload();
  }, [id, newest, reload]);
  return answer;
}
