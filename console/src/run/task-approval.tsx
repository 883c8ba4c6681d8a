import type { JSX } from 'react';
import { Link } from 'wouter';
import type { TaskRow } from 'deckhand/client';
import { ApprovalCard } from '../agent/approval-card.tsx';
import { useApprovals } from '../agent/use-approvals.ts';

/** What a task waits for, where it is a person's word: the question itself, or the way to the plan that it is about. */
export function TaskApproval({ task }: { readonly task: TaskRow }): JSX.Element | null {
  const waits = task.state === 'waiting-approval';
  const approvals = useApprovals(waits ? task : null);
  if (!waits) return null;
  if (task.kind === 'agent.run')
    return (
      <p className="m-4 text-warn">
        <span aria-hidden="true">! </span>
        <Link href={`/agent/${task.id}`} className="underline">
          It waits for your answer: see the plan and decide
        </Link>
      </p>
    );
  return (
    <>
      {(approvals.value ?? []).map(approval => (
        <ApprovalCard key={approval.id} approval={approval} preview={null} onDecided={approvals.reload} />
      ))}
    </>
  );
}
