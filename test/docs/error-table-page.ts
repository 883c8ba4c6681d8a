import { ERROR_TABLE, EXIT, type ErrorTraits } from '../../src/core/error-table.ts';

/** What each exit code says, for people. The codes themselves are `EXIT` of src/core/error-table.ts. */
const exitMeanings: Readonly<Record<keyof typeof EXIT, string>> = {
  ok: 'everything asked for was done and, where it can be, proved',
  failed: 'it was tried and failed',
  usage: 'the request itself is wrong; nothing was tried',
  someHostsFailed: 'some hosts succeeded and some did not',
  unreachable: 'no connection to the host',
  authentication: 'refused: credentials, host key or privileges',
  refused: 'refused by policy',
  approvalNeeded: 'an approval is needed, or was declined',
  timedOut: 'a time limit ran out',
  changesPending: 'a plan was asked for, and there is something to change',
  interrupted: 'interrupted or cancelled',
};

/** The whole of docs/errors.md. */
export function errorTablePage(): string {
  const groups = Map.groupBy(
    Object.entries<ErrorTraits>(ERROR_TABLE),
    ([code]) => code.split('.')[0] ?? code,
  );
  return [
    '# Errors and exit codes',
    '',
    'Every error has a code, one sentence with the names and numbers of the case, and a hint. With `--json` the',
    'same three are fields. This page is written by `npm run docs` from `src/core/error-table.ts`; a test keeps',
    'the two equal.',
    '',
    '## Exit codes',
    '',
    '| exit | meaning |',
    '|---|---|',
    ...Object.entries(EXIT).map(([name, code]) => `| ${code} | ${exitMeanings[name as keyof typeof EXIT]} |`),
    '',
    'A run on several hosts ends with 3 when only some failed. "Retry" below means that the same attempt,',
    'unchanged, may succeed later.',
    ...[...groups].flatMap(([group, rows]) => ['', `## ${group}`, '', ...tableOf(rows)]),
    '',
  ].join('\n');
}

function tableOf(rows: readonly (readonly [string, ErrorTraits])[]): readonly string[] {
  return [
    '| code | what it means | what to do | exit | HTTP | retry |',
    '|---|---|---|---|---|---|',
    ...rows.map(([code, traits]) => {
      const cells = [
        `\`${code}\``,
        traits.title,
        traits.hint,
        EXIT[traits.exit],
        traits.httpStatus,
        traits.retryable ? 'yes' : 'no',
      ];
      return `| ${cells.map(cell => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
    }),
  ];
}
