import { type JSX, useEffect, useRef, useState } from 'react';
import type { ListedEntry } from 'deckhand/client';
import { When } from '../parts/when.tsx';
import { bytesText, plainText } from '../parts/words.ts';
import { rowsSeen } from './entries.ts';

/** Pixels of a row. */
const ROW = 32;
const GLYPHS: Readonly<Record<ListedEntry['type'], readonly [glyph: string, word: string]>> = {
  directory: ['▸', 'folder'],
  file: ['·', 'file'],
  symlink: ['↪', 'link'],
  fifo: ['|', 'pipe'],
  socket: ['◌', 'socket'],
  device: ['▣', 'device'],
  unknown: ['?', 'unknown'],
};

/** What is in a folder, however much it is: only the rows that are seen are drawn. */
export function EntryList({
  entries,
  chosen,
  onOpen,
}: {
  readonly entries: readonly ListedEntry[];
  readonly chosen: string | null;
  readonly onOpen: (entry: ListedEntry) => void;
}): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState({ scrollTop: 0, height: 600 });
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const look = (): void => setPlace({ scrollTop: element.scrollTop, height: element.clientHeight });
    const watcher = new ResizeObserver(look);
    watcher.observe(element);
    element.addEventListener('scroll', look, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener('scroll', look);
    };
  }, []);
  const { from, to } = rowsSeen(place, ROW, entries.length);
  return (
    <div
      ref={scroller}
      role="table"
      aria-label="entries of the folder"
      aria-rowcount={entries.length}
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto"
    >
      <div role="rowgroup" className="relative" style={{ height: entries.length * ROW }}>
        {entries.slice(from, to).map((entry, index) => (
          <Row
            key={entry.raw ?? entry.name}
            entry={entry}
            at={from + index}
            isChosen={entry.name === chosen}
            onOpen={onOpen}
          />
        ))}
      </div>
    </div>
  );
}

function Row({
  entry,
  at,
  isChosen,
  onOpen,
}: {
  readonly entry: ListedEntry;
  readonly at: number;
  readonly isChosen: boolean;
  readonly onOpen: (entry: ListedEntry) => void;
}): JSX.Element {
  const { name, type, size, mode, owner, group, modifiedAt, link } = entry;
  const [glyph, word] = GLYPHS[type];
  return (
    <div
      role="row"
      aria-rowindex={at + 1}
      onClick={() => onOpen(entry)}
      style={{ top: at * ROW, height: ROW }}
      className={`absolute flex w-full cursor-pointer items-center gap-3 border-b border-line px-4 hover:bg-raised has-[[data-row]:focus-visible]:bg-accent-ground ${isChosen ? 'bg-accent-ground' : ''}`}
    >
      <span role="cell" className="flex min-w-0 flex-1 items-center gap-2">
        <span aria-hidden="true" className="w-3 text-muted">
          {glyph}
        </span>
        <button
          type="button"
          data-row={name}
          className="min-w-0 truncate text-left"
          onClick={event => {
            event.stopPropagation();
            onOpen(entry);
          }}
        >
          {plainText(name, 255)}
          <span className="sr-only">, {word}</span>
        </button>
        {link === undefined ? null : (
          <span className="min-w-0 truncate text-muted">→ {plainText(link, 255)}</span>
        )}
      </span>
      <span role="cell" className="w-20 shrink-0 text-right">
        {type === 'file' ? bytesText(size) : ''}
      </span>
      <span role="cell" className="hidden w-14 shrink-0 font-mono text-xs md:inline">
        {mode}
      </span>
      <span role="cell" className="hidden w-32 shrink-0 truncate md:inline">
        {plainText(`${owner}:${group}`, 60)}
      </span>
      <span role="cell" className="w-24 shrink-0 text-right text-muted">
        <When time={Date.parse(modifiedAt)} />
      </span>
    </div>
  );
}
