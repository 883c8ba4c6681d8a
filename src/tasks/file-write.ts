import { createHash } from 'node:crypto';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import { type FileWriteResult, fileWriteParams, LARGEST_FILE } from '../core/file-params.ts';
import { sanitiseText, showBytes, tailOf } from '../core/untrusted.ts';
import { quote } from '../shell/quote.ts';
import { NO_RETRY, type TaskKind } from './task-kind.ts';

const LIMIT = 60_000;

/** How the script below ends when it refuses. */
const REFUSALS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  64: ['file.changed', 'is not what it was when it was read'],
  65: ['file.not-plain', 'is no plain file'],
  66: ['file.owner-lost', 'belongs to an account that the new file cannot be given to'],
  67: ['transfer.checksum', 'did not arrive whole'],
  68: ['transfer.no-permission', 'cannot be written'],
};

/**
 * One file, whole: written beside, checked, given mode and owner of the one before, and put in its place in one move.
 * A link stays a link: what it leads to is written. Begun again after a cut it finds its own work done.
 */
export const fileWrite: TaskKind<typeof fileWriteParams> = {
  name: 'file.write',
  description: 'Writes one file on a host, if it is still what it was.',
  schema: fileWriteParams,
  hosts: 'each',
  category: 'file',
  permission: 'change',
  onLost: 'retry',
  retry: NO_RETRY,
  title: ({ path }, host) => sanitiseText(`write ${host ?? ''}:${path}`).slice(0, 200),
  run: async ({ task, params, input, hosts, cancel, leave, phase }) => {
    const host = task.host ?? '';
    const content = input ?? new Uint8Array();
    if (content.length > LARGEST_FILE)
      throw new DeckhandError('file.too-large', `${params.path}: ${content.length} bytes are too many.`);
    const hash = createHash('sha256').update(content).digest('hex');
    const signal = AbortSignal.any([cancel, leave]);
    phase('writing');
    const run = await hosts.door({ leave }).run(
      {
        host,
        script: scriptOf(params, hash),
        privilege: params.root ? 'root' : 'user',
        stdin: content,
        timeout: LIMIT,
        outputLimit: 64 * 1024,
        durable: false,
      },
      signal,
    );
    if (run.verdict !== 'succeeded') throw refusal(host, params.path, run);
    const [mode = '', owner = '', group = ''] = showBytes(run.stdout).trim().split(/\s+/);
    const result: FileWriteResult = { hash, bytes: content.length, mode: `0${mode}`, owner, group };
    return { end: 'succeeded', result: { ...result } };
  },
};

function refusal(
  host: string,
  path: string,
  { exitCode, stderr }: { readonly exitCode: number | null; readonly stderr: Uint8Array },
): DeckhandError {
  const [code, text] = REFUSALS[exitCode ?? -1] ?? ['command.failed', `was not written (exit ${exitCode})`];
  const said = tailOf(showBytes(stderr), 500).trim();
  return new DeckhandError(code, `${host}:${path} ${text}${said === '' ? '' : `: ${said}`}.`, {
    details: { host, path },
  });
}

/** POSIX sh. What is there already and equal to what is to be counts as written: somebody may have cut us off. */
function scriptOf(
  { path, expected, mode }: { readonly path: string; readonly expected: string; readonly mode: string },
  hash: string,
): string {
  return `set -u
LC_ALL=C; export LC_ALL; umask 077
file=${quote(path)}
if [ -L "$file" ]; then file=$(readlink -f -- "$file") || exit 68; fi
sum() { sha256sum <"$1" | cut -c1-64; }
look() { if [ -e "$file" ]; then sum "$file"; else echo none; fi; }
facts() { stat -c "$1" -- "$2"; }
if [ -e "$file" ] && [ ! -f "$file" ]; then exit 65; fi
now=$(look) || exit 68
if [ "$now" = ${hash} ]; then cat >/dev/null; facts '%a %U %G' "$file"; exit 0; fi
[ "$now" = ${expected} ] || exit 64
folder=$(dirname -- "$file")
new=$(mktemp "$folder/.deckhand-XXXXXX") || exit 68
trap 'rm -f -- "$new"' EXIT
trap 'exit 70' HUP INT TERM
if [ "$now" != none ]; then cp -p -- "$file" "$new" 2>/dev/null || exit 68; chmod u+w -- "$new" || exit 68; fi
cat >"$new" || exit 68
[ "$(sum "$new")" = ${hash} ] || exit 67
if [ "$now" = none ]; then chmod ${mode} -- "$new" || exit 68
else
  chmod "$(facts %a "$file")" -- "$new" || exit 68
  [ "$(facts '%u %g %a' "$file")" = "$(facts '%u %g %a' "$new")" ] || exit 66
fi
sync -- "$new" 2>/dev/null || :
[ "$(look)" = "$now" ] || exit 64
mv -f -- "$new" "$file" || exit 68
trap - EXIT
facts '%a %U %G' "$file"
`;
}
