import { DeckhandError } from '../core/deckhand-error.ts';

/** An argument of `put`, `get`, `sync`, `ls` and `cp`: a path of this machine, or a path on hosts. */
export type Place =
  | { readonly at: 'local'; readonly path: string }
  | {
      readonly at: 'remote';
      /** A selector; addresses that were in brackets without them. */
      readonly hosts: string;
      /** Relative to the account's home, or absolute; `.` = the home. A trailing slash is kept. */
      readonly path: string;
    };

/**
 * `HOSTS:PATH` when a colon comes before the first slash, else a local path: `./a:b` is local. Addresses
 * with colons of their own stand in brackets: `[::1]:/srv`, `root@[192.0.2.1:2222]:/srv`.
 * @throws DeckhandError `input.invalid`
 */
export function parsePlace(text: string): Place {
  if (text === '') throw new DeckhandError('input.invalid', 'A path is empty; write . for this folder.');
  const colon = borderOf(text);
  if (colon < 0) return { at: 'local', path: text };
  const hosts = text.slice(0, colon);
  if (hosts.trim() === '')
    throw new DeckhandError('input.invalid', `'${text}' names no host before its colon.`, {
      hint: `A file of this machine with such a name is written ./${text}.`,
    });
  return { at: 'remote', hosts: withoutBrackets(hosts), path: homePath(text.slice(colon + 1), text) };
}

/** The colon between hosts and path: the first one outside of brackets, before any slash. -1 = none. */
function borderOf(text: string): number {
  let depth = 0;
  for (const [index, character] of Array.from(
    text.matchAll(/[[\]:/]/g),
    match => [match.index, match[0]] as const,
  )) {
    if (character === '[') depth += 1;
    else if (character === ']') depth = Math.max(0, depth - 1);
    else if (depth === 0) return character === ':' ? index : -1;
  }
  return -1;
}

/** Brackets around an address, not those of a pattern such as `web-[12]`. */
function withoutBrackets(selector: string): string {
  return selector
    .split(/([,\s]+)/)
    .map(term => term.replace(/^(!?(?:[^@[\]]+@)?)\[(.*:.*)\]$/, '$1$2'))
    .join('');
}

function homePath(path: string, text: string): string {
  const rest = path.replace(/^~(?=\/|$)\/*/, '');
  if (rest.startsWith('~'))
    throw new DeckhandError('input.invalid', `'${text}': the home of another account is not looked up.`, {
      hint: 'Write an absolute path, or ~/… for the home of the account that logs in.',
    });
  return rest === '' ? '.' : rest;
}

/** A path of this machine, as it must be one. `what` = how the message calls it. Throws `input.invalid`. */
export function localPlace(text: string, what: string): string {
  const place = parsePlace(text);
  if (place.at === 'local') return place.path;
  throw new DeckhandError('input.invalid', `${what} is on a host ('${text}'), but must be of this machine.`, {
    hint: `A file of this machine with a colon in its name is written ./${text}. From host to host: deckhand cp.`,
  });
}

/** A path on hosts, as it must be one. Throws `input.invalid`. */
export function remotePlace(text: string, what: string): Extract<Place, { at: 'remote' }> {
  const place = parsePlace(text);
  if (place.at === 'remote') return place;
  throw new DeckhandError('input.invalid', `${what} ('${text}') names no host.`, {
    hint: 'Write HOST:PATH, for example web-1:/srv/app; HOST: alone is the home folder.',
  });
}
