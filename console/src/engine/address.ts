import { useCallback, useMemo } from 'react';
import { useLocation, useSearch } from 'wouter';

/** What the address holds behind `?`: filters and what is open. Empty values leave it. */
export function useAddress(): readonly [
  URLSearchParams,
  (part: Readonly<Record<string, string | null>>) => void,
] {
  const search = useSearch();
  const [, navigate] = useLocation();
  const parameters = useMemo(() => new URLSearchParams(search), [search]);
  const change = useCallback(
    (part: Readonly<Record<string, string | null>>) => {
      const next = new URLSearchParams(location.search);
      for (const [name, value] of Object.entries(part)) {
        if (value === null || value === '') next.delete(name);
        else next.set(name, value);
      }
      navigate(`${location.pathname}${next.size === 0 ? '' : `?${next.toString()}`}`, { replace: true });
    },
    [navigate],
  );
  return [parameters, change];
}
