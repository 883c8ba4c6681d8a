import type { JSX } from 'react';
import type { OutputLine } from 'deckhand/client';
import { Button } from '../parts/button.tsx';
import { CopyButton } from '../parts/copy-button.tsx';
import { plainLine } from './ansi.ts';

/** One line, wrapped and whole; its address can be passed on. */
export function OpenLine({
  line,
  number,
  onClose,
}: {
  readonly line: OutputLine | undefined;
  readonly number: number;
  readonly onClose: () => void;
}): JSX.Element {
  const text = line ? plainLine(line.text) : '';
  return (
    <div
      className="max-h-48 shrink-0 overflow-auto border-t border-line bg-raised px-3 py-1"
      data-open-line={number}
    >
      <div className="flex items-center gap-2 text-xs text-muted">
        <span>
          line {number.toLocaleString('en')}
          {line ? ` · ${line.stream} · ${new Date(line.time).toISOString()}` : ''}
        </span>
        <span className="ml-auto" />
        <CopyButton label="copy line" text={text} />
        <CopyButton label="copy link" text={location.href} />
        <Button look="bare" onClick={onClose}>
          Close
        </Button>
      </div>
      <pre className="font-mono text-xs break-all whitespace-pre-wrap">{text}</pre>
    </div>
  );
}
