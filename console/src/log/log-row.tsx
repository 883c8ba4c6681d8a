import { type JSX, memo } from 'react';
import type { OutputLine } from 'deckhand/client';
import { ColouredText } from './coloured-text.tsx';
import { ROW } from './line-window.ts';

export type TimeLook = 'none' | 'clock' | 'since';

/** One line in one row of fixed height. Without its line it holds the place. */
export const LogRow = memo(function LogRow({
  number,
  line,
  marked,
  times,
  begun,
  onOpen,
}: {
  readonly number: number;
  readonly line: OutputLine | undefined;
  readonly marked: boolean;
  readonly times: TimeLook;
  /** When the task began, for times since then. */
  readonly begun: number;
  readonly onOpen: (number: number) => void;
}): JSX.Element {
  return (
    <div
      data-line={number}
      style={{ height: ROW }}
      className={`flex whitespace-pre ${marked ? 'bg-accent-ground' : ''}`}
      onDoubleClick={() => onOpen(number)}
    >
      <a
        href={`?line=${number}`}
        tabIndex={-1}
        className="w-20 shrink-0 pr-3 text-right text-muted select-none"
        onClick={event => {
          event.preventDefault();
          onOpen(number);
        }}
      >
        {number}
      </a>
      {times === 'none' || !line ? null : (
        <span className="w-28 shrink-0 text-muted select-none">
          {times === 'clock' ? clockText(line.time) : `+${((line.time - begun) / 1000).toFixed(1)} s`}
        </span>
      )}
      {line?.stream === 'stderr' ? (
        <span className="w-8 shrink-0 text-warn select-none" title="standard error">
          err
        </span>
      ) : null}
      <span className="min-w-0">
        {line ? <ColouredText text={line.text} /> : '…'}
        {line && line.cut > 0 ? <span className="text-muted"> [… {line.cut} left out]</span> : null}
      </span>
    </div>
  );
});

function clockText(time: number): string {
  return new Date(time).toISOString().slice(11, 23);
}
