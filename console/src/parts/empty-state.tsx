import type { JSX, ReactNode } from 'react';

/** Nothing to show: why, and what to do about it. */
export function EmptyState({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}): JSX.Element {
  return (
    <div className="mx-auto my-10 max-w-xl px-4 text-center">
      <h2 className="mb-2 text-lg font-semibold">{title}</h2>
      <div className="space-y-3 text-muted">{children}</div>
    </div>
  );
}
