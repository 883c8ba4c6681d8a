import type { Clock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import type { SshConnection } from '../ssh/connection.ts';
import { parseFacts } from './facts-parse.ts';
import type { Facts } from './facts-schema.ts';
import { factsScript } from './facts-script.ts';

/** Bytes of an answer that are read at most. */
const ANSWER_LIMIT = 256 * 1024;
/** Milliseconds; several tools on the host are limited to 5 s each. */
const TIMEOUT = 40_000;

/**
 * Learns what a host is, with exactly one command on the connection; changes nothing there.
 * @throws DeckhandError of the connection, `ssh.no-shell`, `host.unsupported`, `command.timeout`.
 */
export async function collectFacts(
  connection: SshConnection,
  signal: AbortSignal,
  clock: Clock,
): Promise<Facts> {
  const host = connection.host.name;
  const marker = newId('facts', clock.now());
  const askedAt = clock.now();
  const result = await connection.execute('sh -s', {
    signal,
    stdin: new TextEncoder().encode(factsScript(marker)),
    collectLimit: ANSWER_LIMIT,
    timeout: TIMEOUT,
  });
  const answeredAt = clock.now();
  if (result.stdoutBytes > ANSWER_LIMIT) throw tooLong(host, result.stdoutBytes);
  const output = new TextDecoder().decode(result.stdout);
  return parseFacts({ host, output, marker, askedAt, answeredAt });
}

function tooLong(host: string, bytes: number): DeckhandError {
  return new DeckhandError(
    'host.unsupported',
    `${host} answered the facts script with ${bytes} bytes; ${ANSWER_LIMIT} are read.`,
    {
      details: { host, bytes, limit: ANSWER_LIMIT },
      hint: 'Quiet the start files of the account on the host.',
    },
  );
}
