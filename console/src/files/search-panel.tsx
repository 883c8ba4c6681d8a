import { type FormEvent, type JSX, useEffect, useRef, useState } from 'react';
import { type FoundItem, toDeckhandError, type DeckhandError } from 'deckhand/client';
import { api, HERE } from '../engine/api.ts';
import { Button } from '../parts/button.tsx';
import { Fault } from '../parts/fault.tsx';
import { TextField } from '../parts/field.tsx';
import { countText, plainText } from '../parts/words.ts';
import { parentOf } from './paths.ts';
import { type Place, placeOf } from './use-folder.ts';

type Found = Extract<FoundItem, { readonly item: 'found' }>;
type Searched = Extract<FoundItem, { readonly item: 'searched' }>;

const WHY: Readonly<Record<Searched['why'], string>> = {
  all: 'everything was looked through',
  limit: 'there may be more: search for a longer part of the name',
  time: 'a minute was over before everything was looked through',
};

/** Names below the open folder, looked for on the host. Leaving the page, or Stop, ends it there. */
export function SearchPanel({
  place,
  onGo,
}: {
  readonly place: Place;
  readonly onGo: (folder: string, name: string | null) => void;
}): JSX.Element {
  const [name, setName] = useState('');
  const [found, setFound] = useState<readonly Found[]>([]);
  const [end, setEnd] = useState<Searched | null>(null);
  const [error, setError] = useState<DeckhandError | null>(null);
  const [busy, setBusy] = useState(false);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), [place.host, place.path]);

  const search = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    running.current?.abort();
    const mine = new AbortController();
    running.current = mine;
    setFound([]);
    setEnd(null);
    setError(null);
    setBusy(true);
    try {
      const wanted = { ...placeOf(place), name };
      for await (const item of api.searchFolder(HERE, wanted, { signal: mine.signal })) {
        if (item.item === 'found') setFound(old => [...old, item]);
        else setEnd(item);
      }
    } catch (thrown) {
      if (!mine.signal.aborted) setError(toDeckhandError(thrown));
    }
    if (running.current === mine) setBusy(false);
  };
  return (
    <section aria-label="search" className="border-b border-line px-4 py-2">
      <form className="flex flex-wrap items-end gap-2" onSubmit={event => void search(event)}>
        <TextField
          label="name below this folder: a part of it, or a pattern with * and ?"
          required
          value={name}
          onChange={event => setName(event.target.value)}
          className="min-w-60 flex-1"
        />
        {busy ? (
          <Button look="grave" onClick={() => running.current?.abort()}>
            Stop
          </Button>
        ) : (
          <Button type="submit" look="main">
            Search
          </Button>
        )}
      </form>
      {error ? <Fault error={error} /> : null}
      <p role="status" className="text-xs text-muted">
        {busy ? `${countText(found.length, 'name')} so far …` : ''}
        {end
          ? `${countText(end.found, 'name')}; ${WHY[end.why]}${end.closed > 0 ? `; ${countText(end.closed, 'folder')} closed to this account` : ''}`
          : ''}
      </p>
      <ul aria-label="names that were found" className="max-h-60 overflow-auto">
        {found.map(({ path, isFolder }) => (
          <li key={path}>
            <button
              type="button"
              className="block w-full truncate py-0.5 text-left font-mono text-xs hover:bg-raised"
              onClick={() => (isFolder ? onGo(path, null) : onGo(parentOf(path), path))}
            >
              {plainText(path, 1000)}
              {isFolder ? '/' : ''}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
