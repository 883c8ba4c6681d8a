import type { JSX } from 'react';
import { Link } from 'wouter';
import { Badge } from '../parts/badge.tsx';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { ProgressBar } from '../parts/progress-bar.tsx';
import type { StateLook } from '../parts/states.ts';
import { bytesText, plainText } from '../parts/words.ts';
import type { Transfer, Transfers } from './use-transfers.ts';

const LOOKS: Readonly<Record<Transfer['part'], StateLook>> = {
  browser: { word: 'to the daemon', glyph: '▸', tone: 'busy' },
  server: { word: 'with the server', glyph: '▸', tone: 'busy' },
  done: { word: 'done', glyph: '✓', tone: 'good' },
  failed: { word: 'failed', glyph: '✗', tone: 'bad' },
};

/** Files on their way. */
export function TransferList({ transfers }: { readonly transfers: Transfers }): JSX.Element | null {
  if (transfers.all.length === 0) return null;
  return (
    <section
      aria-label="files on their way"
      className="max-h-48 overflow-auto border-t border-line px-4 py-2"
    >
      <p className="flex items-center gap-2 text-xs text-muted">
        files on their way
        <Button look="bare" className="ml-auto" onClick={transfers.clear}>
          Clear
        </Button>
      </p>
      <ul className="space-y-1">
        {transfers.all.map(({ key, name, way, part, done, total, task, error }) => (
          <li key={key} data-transfer={part}>
            <span className="flex items-center gap-3">
              <span className="min-w-0 flex-1 truncate">
                {way === 'up' ? '↑' : '↓'} {plainText(name, 120)}
              </span>
              <Badge look={LOOKS[part]} />
              <span className="w-32">
                {part === 'done' || part === 'failed' ? null : (
                  <ProgressBar done={done} total={total} label={`${plainText(name, 60)} on its way`} />
                )}
              </span>
              <span className="w-20 text-right text-xs text-muted">
                {total === null ? '' : bytesText(total)}
              </span>
              {task === null ? null : (
                <Link href={`/runs/${task}`} className="text-accent underline">
                  task
                </Link>
              )}
            </span>
            {error ? <Fault error={error} /> : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
