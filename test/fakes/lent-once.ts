import type { SshConnection } from '../../src/ssh/connection.ts';
import type { LentConnection } from '../../src/ssh/kept-connections.ts';

/** A connection that nobody keeps: giving it back closes it. */
export function lentOnce(connection: SshConnection): LentConnection {
  return { connection, [Symbol.asyncDispose]: async () => await connection.close() };
}
