import { DeckhandError } from '../../core/deckhand-error.ts';
import type { SshConnection } from '../connection.ts';
import { SftpClient } from './sftp-client.ts';
import { SftpSession } from './sftp-session.ts';

/**
 * An SFTP client on a connection; it counts as one session until it is disposed. Errors:
 * `transfer.unsupported` (the host has no SFTP server), `transfer.protocol` (something else answered:
 * often a shell start-up file that prints), `command.cancelled`, those of the connection.
 */
export async function openSftp(
  connection: SshConnection,
  { signal }: { readonly signal: AbortSignal },
): Promise<SftpClient> {
  const hostName = connection.host.name;
  const channel = await connection.openSubsystem('sftp', { signal }).catch((error: unknown) => {
    if (!(error instanceof DeckhandError) || error.code !== 'host.unsupported') throw error;
    throw new DeckhandError('transfer.unsupported', `${hostName} has no SFTP server.`, {
      details: { host: hostName },
      cause: error,
    });
  });
  return new SftpClient(await SftpSession.start(channel, { hostName, signal }));
}
