import { type JSX, type KeyboardEvent, useEffect, useId, useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import { Overlay } from '../parts/overlay.tsx';
import { plainText } from '../parts/words.ts';
import { type Entry, fixedEntries, foundEntries, matching } from './palette-entries.ts';

const MOST_SHOWN = 12;

/** Everything by its name: screens, servers, tasks, what can be done. */
export function Palette({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const [, navigate] = useLocation();
  const [typed, setTyped] = useState('');
  const [at, setAt] = useState(0);
  const [found, setFound] = useState<readonly Entry[]>([]);
  const list = useId();
  const fixed = useMemo(() => fixedEntries(navigate), [navigate]);
  useEffect(() => {
    foundEntries(navigate).then(setFound, () => undefined);
  }, [navigate]);
  const shown = matching([...fixed, ...found], typed, MOST_SHOWN);
  const choose = (entry: Entry | undefined): void => {
    if (!entry) return;
    onClose();
    entry.act();
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') choose(shown[at]);
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, shown.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Overlay shape="dialog" title="Commands" onClose={onClose}>
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls={list}
        aria-activedescendant={shown[at] ? `${list}-${at}` : ''}
        aria-label="a command, a server, a task"
        placeholder="a command, a server, a task"
        className="mb-2 w-full rounded border border-line bg-ground px-3 py-2"
        value={typed}
        onChange={event => {
          setTyped(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKey}
      />
      <ul id={list} role="listbox" aria-label="matches">
        {shown.map((entry, index) => (
          <li
            key={`${index} ${entry.words}`}
            id={`${list}-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseMove={() => setAt(index)}
            onClick={() => choose(entry)}
            className={`flex cursor-pointer justify-between gap-4 rounded px-3 py-1.5 ${index === at ? 'bg-accent-ground' : ''}`}
          >
            <span className="truncate">{plainText(entry.words)}</span>
            <span className="shrink-0 text-xs text-muted">{plainText(entry.hint, 60)}</span>
          </li>
        ))}
      </ul>
      {shown.length === 0 ? <p className="px-3 text-muted">Nothing is called that.</p> : null}
    </Overlay>
  );
}
