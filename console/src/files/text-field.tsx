import { type JSX, useRef } from 'react';

/** Pixels of a line, as `leading-5` has them. */
const LINE = 20;

/** A text with line numbers beside it. */
export function NumberedText({
  text,
  onChange,
}: {
  readonly text: string;
  readonly onChange: (text: string) => void;
}): JSX.Element {
  const numbers = useRef<HTMLPreElement>(null);
  const count = text.split('\n').length;
  return (
    <div className="flex min-h-0 flex-1 overflow-hidden rounded border border-line font-mono text-xs leading-5">
      <pre
        ref={numbers}
        aria-hidden="true"
        className="shrink-0 overflow-hidden bg-sunken px-2 py-1 text-right text-muted select-none"
      >
        {Array.from({ length: count }, (_, index) => index + 1).join('\n')}
      </pre>
      <textarea
        aria-label="text of the file"
        spellCheck={false}
        autoCapitalize="off"
        wrap="off"
        value={text}
        onChange={event => onChange(event.target.value)}
        onScroll={event => {
          if (numbers.current) numbers.current.scrollTop = event.currentTarget.scrollTop;
        }}
        style={{ minHeight: LINE * 8 }}
        className="min-w-0 flex-1 resize-none bg-ground px-2 py-1"
      />
    </div>
  );
}
