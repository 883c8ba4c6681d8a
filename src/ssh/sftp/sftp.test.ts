import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { describe, it } from 'vitest';
import { sftpConformance, type SftpSite } from './conformance.ts';
import { toRemotePath } from './remote-path.ts';
import { SftpClient } from './sftp-client.ts';
import { SftpSession } from './sftp-session.ts';

const SERVER = '/usr/lib/openssh/sftp-server';

/** OpenSSH's server on pipes: no SSH between. */
async function localSite(): Promise<SftpSite> {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-sftp-'));
  const child = spawn(SERVER, [], { stdio: ['pipe', 'pipe', 'ignore'] });
  const channel = Duplex.from({ readable: child.stdout, writable: child.stdin });
  const { signal } = new AbortController();
  const session = await SftpSession.start(channel, { hostName: 'local', signal });
  return {
    client: new SftpClient(session),
    folder: toRemotePath(folder),
    [Symbol.asyncDispose]: async () => {
      await session.close();
      child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe.skipIf(!existsSync(SERVER))("OpenSSH's sftp-server", () => {
  sftpConformance('on pipes', localSite, { describe, it });
});
