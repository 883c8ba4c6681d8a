import { DeckhandError } from './deckhand-error.ts';
import type { Endpoint, TcpEndpoint } from './endpoint.ts';
import { type Forward, forwardSchema } from './tunnel.ts';

/**
 * The words that people know from ssh, as a forward; pure:
 * `-L [BIND:]PORT:HOST:PORT`, `-L PORT:/SOCKET`, `-L /SOCKET:HOST:PORT`, `-L /SOCKET:/SOCKET`; `-R` the same the
 * other way round; `-D [BIND:]PORT` or `-D /SOCKET`. Addresses with colons stand in brackets. Unlike ssh, no
 * bind address always means loopback.
 */
export type ForwardFlag = '-L' | '-R' | '-D';

/** Throws `input.invalid` naming the flag. */
export function parseForward(flag: ForwardFlag, text: string): Forward {
  const parts = split(text);
  if (parts === null) throw malformed(flag, text);
  if (flag === '-D') return checked(flag, text, { kind: 'dynamic', listen: listenOf(flag, text, parts) });
  const isSocket = parts.at(-1)?.startsWith('/') === true;
  const target = parts.splice(isSocket ? -1 : -2);
  if (parts.length === 0) throw malformed(flag, text);
  const forward = {
    kind: flag === '-L' ? 'local' : 'remote',
    listen: listenOf(flag, text, parts),
    target: isSocket ? { path: target[0] } : { host: target[0], port: portOf(flag, text, target[1]) },
  };
  return checked(flag, text, forward);
}

/** Parts between colons; brackets keep theirs. Null: they do not close. */
function split(text: string): string[] | null {
  const parts: string[] = [];
  let rest = text;
  while (rest !== '') {
    const found = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::|$)/.exec(rest);
    if (!found) return null;
    parts.push(found[1] ?? found[2] ?? '');
    rest = rest.slice(found[0].length);
  }
  return text.endsWith(':') ? null : parts;
}

function listenOf(flag: ForwardFlag, text: string, parts: readonly string[]): Endpoint {
  const [first = '', second] = parts;
  if (parts.length === 1 && first.startsWith('/')) return { path: first };
  if (parts.length === 1) return { host: '127.0.0.1', port: portOf(flag, text, first) };
  if (parts.length !== 2) throw malformed(flag, text);
  return { host: bindAddress(first), port: portOf(flag, text, second) };
}

/** As in ssh: empty and `*` are all addresses. */
function bindAddress(text: string): TcpEndpoint['host'] {
  return text === '' || text === '*' ? '0.0.0.0' : text;
}

function portOf(flag: ForwardFlag, text: string, port: string | undefined): number {
  if (port !== undefined && /^\d{1,5}$/.test(port) && Number(port) <= 65_535) return Number(port);
  throw new DeckhandError(
    'input.invalid',
    `${flag}: '${text}': '${port ?? ''}' is no port from 0 to 65535.`,
    {
      details: { field: flag, value: text },
    },
  );
}

function checked(flag: ForwardFlag, text: string, forward: unknown): Forward {
  const parsed = forwardSchema.safeParse(forward);
  if (parsed.success) return parsed.data;
  const place = parsed.error.issues[0];
  const issue =
    place?.code === 'invalid_union' ? place.errors.flat().find(one => one.path[0] === 'path') : place;
  const why = (issue ?? place)?.message ?? 'malformed';
  throw new DeckhandError('input.invalid', `${flag}: '${text}': ${why}.`, {
    details: { field: flag, value: text },
  });
}

function malformed(flag: ForwardFlag, text: string): DeckhandError {
  const form =
    flag === '-D' ? '[BIND:]PORT or /SOCKET' : '[BIND:]PORT:HOST:PORT, or /SOCKET in place of either end';
  return new DeckhandError('input.invalid', `${flag}: '${text}' is not ${form}.`, {
    details: { field: flag, value: text },
  });
}
