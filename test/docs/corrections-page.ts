import { FAILURE_SIGNATURES } from '../../src/agent/corrections/registry.ts';
import type { FailureSignature, Repair } from '../../src/agent/corrections/signature.ts';

/** What stands in the page for the value of the step that a script is about. */
const VALUES = {
  path: '/PATH/OF/STEP',
  folder: '/FOLDER/OF/STEP',
  repository: '/REPOSITORY/OF/STEP',
  unit: 'UNIT',
  group: 'GROUP',
} as const;

/** The whole of docs/what-is-corrected.md. */
export function correctionsPage(): string {
  const repairs = FAILURE_SIGNATURES.flatMap(({ id, action }) =>
    action.kind === 'repair' ? [{ id, action }] : [],
  );
  return [
    '# What is corrected?',
    '',
    'A step that fails in a way that Deckhand knows is corrected once and run once more; what then holds is proved as always.',
    'Failures are known by the exact words of their tools (`src/agent/corrections`); where those are only in the journal of a unit,',
    'its last lines are read and looked up too (that look changes nothing; it alone takes a name from what was printed).',
    '',
    '- At most once for each failure and twice for each step. What was cut off or killed is never repeated by itself.',
    '- A correction is a constant, or is about one path, unit or group **that the step itself names**. Nothing that the host prints',
    '  gets into it. The command of the step runs again whole: no operand is changed, no path made wider, no privilege added.',
    '- Locks are waited for and never broken. Nothing but apt’s own cache is removed, nothing unsigned is trusted,',
    '  no certificate let through.',
    '- The policy judges each one again, whatever was approved: what only changes something runs, what may do harm asks',
    '  (under `policy.mode: ask` every one does, under `read-only` none runs, and rules count). Those marked *asks* always ask.',
    '  `--yes` is no answer to that: without a person at the terminal the step fails with `policy.needs-approval`.',
    '- Each is shown with what is run differently, in the progress, the report and its JSON, as an event `correction`, and in',
    '  `deckhand audit list` (`correction.made`, `.approved`, `.asked`, `.refused`).',
    '- `--no-corrections` leaves them out of one run; `corrections: { off: [apt-lock, …] }` in a settings file (or',
    '  `DECKHAND_CORRECTIONS_OFF=apt-lock,…`) switches some off for good, `all` every one. Corrections marked *root* are only made',
    '  where the step runs as root anyway.',
    '',
    'This page is written by `npm run docs` from the table; a test keeps the two equal.',
    '',
    `## Corrected (${repairs.length})`,
    '',
    '| failure | what is wrong and what is done | first, or around it | |',
    '|---|---|---|---|',
    ...repairs.map(
      ({ id, action }) => `| \`${id}\` | ${cell(action.title)} | ${scriptCell(action)} | ${marks(action)} |`,
    ),
    '',
    '## Explained',
    '',
    'What cannot be mended safely ends the step with its cause and the next thing to do.',
    '',
    '| failure | cause | what to do |',
    '|---|---|---|',
    ...FAILURE_SIGNATURES.flatMap(explained),
    '',
  ].join('\n');
}

function explained({ id, action }: FailureSignature): readonly string[] {
  if (action.kind !== 'explain') return [];
  return [`| \`${id}\` | ${cell(action.cause)} | ${cell(action.nextStep)} |`];
}

function scriptCell({ script, rerun }: Repair): string {
  const first = typeof script === 'object' ? script.script(VALUES[script.takes]) : script;
  const around = rerun ? ('prefix' in rerun ? rerun.prefix : `run by ${rerun.shell}`) : undefined;
  const text = [first, around].filter(part => part !== undefined).join('\n');
  // long waits are the same line many times over
  const short = text.replaceAll(/\s*\n\s*/g, ' ; ').replace(/(in(?: \d+){3})(?: \d+)+/, '$1 …');
  return `\`${short.replaceAll('|', '\\|')}\``;
}

function marks({ leave, needsRoot, rerun }: Repair): string {
  const root = needsRoot !== false && !rerun;
  return [...(leave === undefined ? [] : [`*asks*: ${leave}`]), ...(root ? ['*root*'] : [])].join(' ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
