import type { JSX } from 'react';
import { Overlay } from '../parts/overlay.tsx';
import { KEY_WORDS } from './keys.ts';

/** What every key does. */
export function ShortcutsSheet({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <Overlay shape="dialog" title="Keys" onClose={onClose}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {KEY_WORDS.map(([keys, what]) => (
          <div key={keys} className="contents">
            <dt>
              <kbd className="rounded border border-line bg-raised px-1.5 font-mono text-xs">{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Overlay>
  );
}
