import type { JSX } from 'react';
import type { TransferAction, TransferResult } from 'deckhand/client';
import { bytesText, countText, plainText } from '../parts/words.ts';

/** Paths that are shown; the events and the command line have the rest. */
const MOST_SHOWN = 200;
const SIGNS: Readonly<Record<TransferAction['action'], string>> = {
  create: '+',
  update: '~',
  attributes: '~',
  delete: '-',
  conflict: '!',
  skip: '!',
};

/** What a transfer did, or what it would do: in numbers, and path by path. */
export function TransferView({
  kind,
  result,
}: {
  readonly kind: string;
  readonly result: Readonly<Record<string, unknown>> | null;
}): JSX.Element | null {
  if (!kind.startsWith('scp.') || typeof result?.['files'] !== 'number') return null;
  // answered by the daemon, which has checked what its task gave
  const { plan, planCount = 0, conflicts, skipped, ...done } = result as unknown as TransferResult;
  const paths = [...(plan ?? []), ...(plan ? [] : [...conflicts, ...skipped])];
  return (
    <section aria-label="transfer" className="px-3 py-1" data-transfer={plan ? 'plan' : 'done'}>
      <p>
        {plan
          ? planCount === 0
            ? 'Nothing differs: nothing would travel.'
            : `${countText(planCount, 'path')} would change; nothing was done.`
          : `${countText(done.files, 'file')} travelled, ${bytesText(done.bytes)}; ${done.unchanged} unchanged, ${done.deleted} removed, ${done.verified} verified by hash.`}
      </p>
      {paths.length === 0 ? null : (
        <ul tabIndex={0} aria-label="paths" className="max-h-48 overflow-auto font-mono text-xs">
          {paths.slice(0, MOST_SHOWN).map(({ action, side, path, reason }) => (
            <li key={`${side} ${path}`} className="break-all">
              {SIGNS[action]} {plainText(path, 500)}
              {reason === undefined ? null : <span className="text-muted"> · {plainText(reason, 200)}</span>}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
