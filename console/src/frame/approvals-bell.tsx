import type { JSX } from 'react';
import { Link } from 'wouter';
import { useLive } from '../engine/use-live.ts';
import { countText } from '../parts/words.ts';

/** How many tasks wait for a person's word. */
export function ApprovalsBell(): JSX.Element {
  const waiting = useLive().counts['waiting-approval'] ?? 0;
  const words = waiting === 0 ? 'no approvals wait' : `${countText(waiting, 'approval')} waiting`;
  return (
    <Link
      href="/tasks?state=waiting-approval"
      title={words}
      className={`rounded border px-2 py-1 whitespace-nowrap ${waiting > 0 ? 'border-warn font-semibold text-warn' : 'border-transparent text-muted'}`}
    >
      <span aria-hidden="true">! {waiting}</span>
      <span className="sr-only">{words}</span>
    </Link>
  );
}
