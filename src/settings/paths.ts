import { isAbsolute, join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Deckhand's own folders (absolute), by the XDG base directory rules. */
export interface DeckhandPaths {
  readonly config: string;
  readonly state: string;
  readonly cache: string;
}

/** The specification says that a relative path in these variables is to be ignored. */
export function deckhandPaths(environment: Environment, home: string): DeckhandPaths {
  const folder = (variable: string, fallback: string): string => {
    const value = environment[variable];
    const base = value !== undefined && isAbsolute(value) ? value : join(home, fallback);
    return join(base, 'deckhand');
  };
  return {
    config: folder('XDG_CONFIG_HOME', '.config'),
    state: folder('XDG_STATE_HOME', '.local/state'),
    cache: folder('XDG_CACHE_HOME', '.cache'),
  };
}
