import type { JSX } from 'react';
import { Link, useLocation } from 'wouter';
import { SCREENS } from '../screens.ts';

/** Where one can go. At the left; on a phone at the bottom. */
export function Rail(): JSX.Element {
  const [place] = useLocation();
  return (
    <nav
      aria-label="screens"
      className="order-last flex shrink-0 justify-around overflow-x-auto border-t border-line bg-raised md:order-first md:w-44 md:flex-col md:justify-start md:border-t-0 md:border-r md:py-2"
    >
      {SCREENS.filter(screen => screen.key !== null).map(({ path, title, glyph, key }) => {
        const isHere = place.startsWith(path) || (path === '/tasks' && place.startsWith('/runs'));
        return (
          <Link
            key={path}
            href={path}
            aria-current={isHere ? 'page' : undefined}
            className={`flex flex-col items-center gap-x-2 px-3 py-2 md:mx-2 md:flex-row md:rounded ${isHere ? 'bg-accent-ground font-semibold text-accent' : 'hover:bg-sunken'}`}
          >
            <span aria-hidden="true">{glyph}</span>
            {title}
            <kbd className="ml-auto hidden text-xs text-muted md:inline" aria-hidden="true">
              g {key}
            </kbd>
          </Link>
        );
      })}
    </nav>
  );
}
