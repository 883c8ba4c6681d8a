import type { JSX } from 'react';
import { plainText } from '../parts/words.ts';
import { crumbsOf } from './paths.ts';

/** The folders on the way, each leads back to itself. */
export function Crumbs({
  path,
  onGo,
}: {
  readonly path: string;
  readonly onGo: (path: string) => void;
}): JSX.Element {
  const crumbs = crumbsOf(path);
  return (
    <nav aria-label="folders on the way" className="border-b border-line px-4 py-1">
      <ol className="flex flex-wrap items-center gap-x-1 font-mono text-sm">
        {crumbs.map(([name, place], index) => (
          <li key={place} className="flex items-center gap-x-1">
            {index > 1 ? <span className="text-muted">/</span> : null}
            <button
              type="button"
              aria-current={index === crumbs.length - 1 ? 'page' : undefined}
              className="rounded px-1 hover:bg-sunken"
              onClick={() => onGo(place)}
            >
              {plainText(name, 255)}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
