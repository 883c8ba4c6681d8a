import type { JSX } from 'react';
import { Button } from './button.tsx';
import { notice } from './notice.ts';

/** Copies a text. `label` says what: "copy as CLI". */
export function CopyButton({ text, label }: { readonly text: string; readonly label: string }): JSX.Element {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      notice.say(`Copied: ${text.slice(0, 100)}`);
    } catch {
      notice.say('The browser does not allow copying here.');
    }
  };
  return (
    <Button look="bare" className="text-muted" title={text.slice(0, 300)} onClick={() => void copy()}>
      {label}
    </Button>
  );
}
