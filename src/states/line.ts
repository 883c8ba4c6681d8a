import type { StateOf } from '../core/state.ts';
import { quote } from '../shell/quote.ts';
import { APPLY_PRELUDE, MAKE_TEMP, MOVE_TEMP, openFile } from './apply-prelude.ts';
import { CONTENT_LIMIT } from './check-prelude.ts';
import { parseStatus } from './file-status.ts';
import { type Facts, factOf, observe, type StateKind, undecided } from './state-kind.ts';

type Line = StateOf<'line'>;

/**
 * One line in a text file. With `replace`, every line that matches it and every equal line become
 * the one wanted line, at the place of the first; without, the line is appended where it is missing.
 * Expressions are matched by `grep -E` of the host, byte by byte (`LC_ALL=C`).
 */
export const lineKind: StateKind<Line> = {
  describe: state => `line in ${state.path}${state.ensure === 'absent' ? ' absent' : ''}: ${state.line}`,
  check: checkLine,
  judge: judgeLine,
  apply: applyScript,
  effects: state => [
    { kind: 'path', subject: state.path, risk: state.ensure === 'absent' ? 'destructive' : 'privileged' },
  ],
  privilege: () => 'root',
};

function grepArguments(state: Line): readonly string[] {
  const exact = `-nxF -e ${quote(state.line)}`;
  return state.replace === undefined ? [exact] : [exact, `-nE -e ${quote(state.replace)}`];
}

function checkLine(state: Line): string {
  const path = quote(state.path);
  const greps = grepArguments(state).map(
    argumentText => `  LC_ALL=C grep ${argumentText} ${path} 2>&1 | head -c ${CONTENT_LIMIT} | bytes found
  LC_ALL=C grep -q ${argumentText} ${path}; fact code "$?"`,
  );
  return `if look stat ${path}; then case $S in *' regular file' | *' regular empty file')\n${greps.join('\n')} ;; esac\nfi`;
}

function judgeLine(state: Line, facts: Facts) {
  const line = factOf(facts, 'stat');
  const error = factOf(facts, 'error');
  if (line === undefined || error !== undefined) return undecided(error ?? 'stat did not answer.');
  const missing = line === 'missing';
  if (!missing && parseStatus(line)?.type !== 'regular file') {
    return observe([{ field: 'type', before: parseStatus(line)?.type ?? line, after: 'regular file' }]);
  }
  const [exact = '', matching = ''] = facts.get('found') ?? [];
  const trouble = (facts.get('code') ?? []).findIndex(code => code !== '0' && code !== '1');
  if (trouble >= 0) return undecided((trouble === 0 ? exact : matching) || 'grep failed.');
  const found = new Map([...numbered(matching), ...numbered(exact)].sort(([left], [right]) => left - right));
  const before = found.size > 0 ? [...found.values()].join('\n') : missing ? 'no file' : 'no such line';
  if (state.ensure === 'absent') {
    return observe(found.size > 0 ? [{ field: 'line', before, after: 'absent' }] : []);
  }
  const holds = numbered(exact).length > 0 && (state.replace === undefined || found.size === 1);
  return observe(holds ? [] : [{ field: 'line', before, after: state.line }]);
}

/** `12:text` lines of grep. */
function numbered(output: string): readonly (readonly [number, string])[] {
  return output.split('\n').flatMap(row => {
    const match = /^(\d+):(.*)$/s.exec(row);
    return match ? [[Number(match[1]), match[2] ?? ''] as const] : [];
  });
}

function applyScript(state: Line): string {
  const greps = grepArguments(state)
    .map(
      argumentText => `rows=$rows$(LC_ALL=C grep ${argumentText} "$path") || [ $? -eq 1 ] || die "grep failed on $path."
rows=$rows$newline
`,
    )
    .join('');
  const missing =
    state.ensure === 'absent' ? 'exit 0' : `printf '%s\\n' "$line" >"$temp"; chmod 0644 "$temp"`;
  return `${APPLY_PRELUDE}newline='
'
line=${quote(state.line)}
${openFile(state.path)}if [ -e "$path" ]; then
rows=
${greps}numbers=$(printf '%s' "$rows" | LC_ALL=C sed -n 's/^\\([0-9][0-9]*\\):.*/\\1/p' | sort -nu | tr '\\n' ' ')
${settled(state)}fi
${MAKE_TEMP}if [ ! -e "$path" ]; then ${missing}; else
cp -p -- "$path" "$temp"
line=$line numbers=$numbers LC_ALL=C awk ${quote(awkProgram(state))} "$path" >"$temp"
fi
${MOVE_TEMP}`;
}

/** Ends the script when nothing is to be done. */
function settled(state: Line): string {
  if (state.ensure === 'absent') return `if [ -z "$numbers" ]; then exit 0; fi\n`;
  if (state.replace === undefined) return `if [ -n "$numbers" ]; then exit 0; fi\n`;
  return `set -- $numbers
if [ $# -eq 1 ] && LC_ALL=C grep -qxF -e "$line" "$path"; then exit 0; fi
`;
}

/** ENVIRON, not `-v`: awk would read backslashes in an assigned value as escapes. */
function awkProgram(state: Line): string {
  const keep = state.ensure === 'present' ? 'NR == first { print ENVIRON["line"]; next }\n' : '';
  const append = state.ensure === 'present' ? '\nEND { if (!first) print ENVIRON["line"] }' : '';
  return `BEGIN { count = split(ENVIRON["numbers"], row, " "); for (i = 1; i <= count; i++) drop[row[i]] = 1; first = row[1] + 0 }
${keep}NR in drop { next }
{ print }${append}`;
}
