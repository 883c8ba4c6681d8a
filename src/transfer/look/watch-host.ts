import { DeckhandError } from '../../core/deckhand-error.ts';
import { type RawPath, showRaw } from '../../core/raw-path.ts';
import type { SshConnection } from '../../ssh/connection.ts';
import { hostPath } from '../host/list-script.ts';
import { quoteRaw, runScript } from '../host/run-script.ts';

const MISSING = 64;
const LINE = 4096;

/**
 * Looks at a folder again and again, by one script on the host that ends with its channel, and tells when what is in it
 * is different: names, sizes, times, owners, modes. Large folders are looked at less often. Resolves never but by the
 * signal; throws `transfer.missing`, and what the connection throws.
 */
export async function watchHost(
  connection: SshConnection,
  { path, signal }: { readonly path: RawPath; readonly signal: AbortSignal },
  onLook: (isDifferent: boolean) => void,
): Promise<void> {
  const root = hostPath(path);
  let last: string | null = null;
  let partial = '';
  const onOutput = (bytes: Uint8Array): void => {
    const lines = (partial + Buffer.from(bytes).toString('latin1')).split('\n');
    partial = (lines.pop() ?? '').slice(-LINE);
    for (const line of lines) {
      onLook(last !== null && line !== last);
      last = line;
    }
  };
  const { exitCode } = await runScript(connection, scriptOf(root), { signal, onOutput });
  if (signal.aborted) return;
  const place = `${connection.host.name}: ${showRaw(root)}`;
  if (exitCode === MISSING)
    throw new DeckhandError('transfer.missing', `${place} is no folder, or not there.`);
  throw new DeckhandError('ssh.connection-lost', `${place} is no longer watched: the script ended.`);
}

/** A checksum a look. Printing fails once nobody reads, and then it ends. A second folder of that name is another one. */
function scriptOf(root: RawPath): string {
  return [
    `cd ${quoteRaw(root)} 2>/dev/null || exit ${MISSING}`,
    `while [ -d ${quoteRaw(root)} ]; do`,
    `sum=$(find ${quoteRaw(root)}/. -maxdepth 1 -exec stat -c '%i %s %Y %z %f %u %g %n' {} + 2>/dev/null | cksum)`,
    String.raw`printf '%s\n' "$sum" || exit 0`,
    // a sum, and of how many bytes
    'if [ "${sum##* }" -gt 2000000 ]; then sleep 10; else sleep 2; fi',
    'done',
    `exit ${MISSING}`,
  ].join('\n');
}
