import { createHash } from 'node:crypto';
import type { FileView } from '../../api/file-contract.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { ErrorCode } from '../../core/error-table.ts';
import { LARGEST_FILE } from '../../core/file-params.ts';
import { showBytes } from '../../core/untrusted.ts';
import { quote } from '../../shell/quote.ts';
import type { SshConnection } from '../../ssh/connection.ts';

const LIMIT = 60_000;
/** Bytes of the line before the content. */
const FACTS = 4096;

const REFUSALS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  64: ['transfer.missing', 'does not exist'],
  65: ['file.not-plain', 'is no plain file'],
  66: ['transfer.no-permission', 'cannot be read'],
  67: ['file.too-large', `is larger than ${LARGEST_FILE} bytes`],
};

/** A whole file and what is known of it, in one round trip. Throws the errors of `FileApi.readFile`. */
export async function readHostFile(
  connection: SshConnection,
  path: string,
  signal: AbortSignal,
): Promise<FileView> {
  const host = connection.host.name;
  const { exitCode, stdout, truncated } = await connection.execute(scriptOf(path), {
    signal,
    timeout: LIMIT,
    collectLimit: LARGEST_FILE + FACTS,
  });
  const [code, text] = REFUSALS[exitCode ?? -1] ?? ['command.failed', 'could not be read'];
  if (exitCode !== 0) throw new DeckhandError(code, `${host}:${path} ${text}.`, { details: { host, path } });
  const end = stdout.indexOf(0x0a);
  const [mode = '', owner = '', group = '', changed = '0'] = showBytes(stdout.subarray(0, end)).split(' ');
  const content = stdout.subarray(end + 1);
  if (truncated || content.length > LARGEST_FILE)
    throw new DeckhandError('file.too-large', `${host}:${path} grew while it was read.`);
  return {
    host,
    path,
    content,
    hash: createHash('sha256').update(content).digest('hex'),
    mode: `0${mode}`,
    owner,
    group,
    changedAt: Number(changed) * 1000,
  };
}

function scriptOf(path: string): string {
  return `LC_ALL=C; export LC_ALL
file=${quote(path)}
if [ ! -e "$file" ]; then exit 64; fi
if [ ! -f "$file" ]; then exit 65; fi
if [ ! -r "$file" ]; then exit 66; fi
if [ "$(wc -c <"$file")" -gt ${LARGEST_FILE} ]; then exit 67; fi
stat -L -c '%a %U %G %Y' -- "$file" && head -c ${LARGEST_FILE + 1} -- "$file"
`;
}
