import { type JSX, useEffect, useRef, useState } from 'react';
import { Button } from '../parts/button.tsx';

/** Where a question is written. Enter asks, Shift Enter is a new line; while an answer comes there is Stop instead. */
export function Composer({
  answering,
  disabled,
  onAsk,
  onStop,
}: {
  readonly answering: boolean;
  readonly disabled: boolean;
  readonly onAsk: (text: string) => void;
  readonly onStop: () => void;
}): JSX.Element {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const stop = useRef(false);
  useEffect(() => {
    // the button that stopped it is gone: the next question is what comes next
    if (!answering && stop.current) field.current?.focus();
    stop.current = false;
  }, [answering]);
  const canAsk = !answering && !disabled && text.trim() !== '';
  const ask = (): void => {
    if (!canAsk) return;
    onAsk(text);
    setText('');
  };
  return (
    <form
      className="flex items-end gap-2 border-t border-line px-4 py-2"
      onSubmit={event => {
        event.preventDefault();
        ask();
      }}
    >
      <label className="sr-only" htmlFor="question">
        your question
      </label>
      <textarea
        id="question"
        ref={field}
        rows={Math.min(8, text.split('\n').length + 1)}
        value={text}
        placeholder="Ask something. Enter sends it, Shift Enter begins a new line."
        onChange={event => setText(event.target.value)}
        onKeyDown={event => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          ask();
        }}
        className="min-w-0 flex-1 rounded border border-line bg-ground px-2 py-1"
      />
      {answering ? (
        <Button
          look="grave"
          onClick={() => {
            stop.current = true;
            onStop();
          }}
        >
          Stop
        </Button>
      ) : (
        <Button type="submit" look="main" disabled={!canAsk}>
          Ask
        </Button>
      )}
    </form>
  );
}
