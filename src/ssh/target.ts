import { DeckhandError } from '../core/deckhand-error.ts';

/** What a person may write for a host: `web`, `ops@web`, `ops@10.0.0.5:2222`, `[::1]:22`, `ssh://ops@web:22`. */
export interface HostTarget {
  readonly name: string;
  readonly user: string | null;
  readonly port: number | null;
}

/** Throws `input.invalid` for what could be read as an option or has no host name in it. */
export function parseTarget(text: string): HostTarget {
  const trimmed = text.trim();
  const bare = trimmed.startsWith('ssh://') ? trimmed.slice(6).replace(/\/+$/, '') : trimmed;
  const at = bare.lastIndexOf('@');
  const user = at >= 0 ? bare.slice(0, at) : null;
  const { name, port } = splitPort(bare.slice(at + 1));
  if (!isPlainWord(name) || (user !== null && !isPlainWord(user))) {
    throw new DeckhandError('input.invalid', `host: '${text}' is no host name or user@address:port.`, {
      details: { field: 'host', value: text },
    });
  }
  if (port !== null && (port < 1 || port > 65_535)) {
    throw new DeckhandError('input.invalid', `host: '${text}' has port ${port}; ports are 1 to 65535.`, {
      details: { field: 'host', value: text },
    });
  }
  return { name, user, port };
}

function splitPort(text: string): { name: string; port: number | null } {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed) {
    return { name: bracketed[1] ?? '', port: bracketed[2] === undefined ? null : Number(bracketed[2]) };
  }
  // More than one colon without brackets is an IPv6 address, not a port.
  const plain = /^([^:]+):(\d+)$/.exec(text);
  return plain ? { name: plain[1] ?? '', port: Number(plain[2]) } : { name: text, port: null };
}

function isPlainWord(word: string): boolean {
  // oxlint-disable-next-line no-control-regex -- control characters must not reach a command line
  return word.length > 0 && !word.startsWith('-') && !/[\s\u0000-\u001f\u007f'"`$\\;&<>|(){}]/.test(word);
}
