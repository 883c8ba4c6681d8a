import { type ErrorTraits, row } from './row.ts';

/** What goes wrong from a request to its proof. */
export const planErrors = {
  'plan.empty': row('A plan without steps proves nothing.', 'usage', 400, 'Add at least one step.'),
  'plan.invalid': row(
    'The plan does not fit its schema.',
    'usage',
    400,
    'Correct the field named in the message.',
  ),
  'plan.cyclic': row(
    'Steps of the plan wait for each other in a circle.',
    'usage',
    400,
    'Remove one of the dependencies named in the message.',
  ),
  'plan.no-match': row(
    'No runbook fits the request well enough to run it.',
    'usage',
    422,
    'Choose one of the nearest runbooks, or write the plan as a file.',
  ),
  'plan.ambiguous': row(
    'Several runbooks or values fit the request.',
    'usage',
    422,
    'Say which one, or pass the missing parameters with --set.',
  ),
  'plan.parameter-missing': row(
    'The request leaves a needed parameter of the runbook open.',
    'usage',
    422,
    'Name it in the request or pass --set NAME=VALUE.',
  ),
  'runbook.unknown': row(
    'No runbook has this name.',
    'usage',
    404,
    'List them with `deckhand runbook list`.',
  ),
  'runbook.invalid': row(
    'A runbook file does not fit its schema.',
    'usage',
    400,
    'Correct the file and field named in the message.',
  ),
  'approval.needed': row(
    'The plan changes hosts and nobody approved it.',
    'approvalNeeded',
    409,
    'Read the plan, then run it with --yes.',
  ),
  'approval.declined': row(
    'A person declined the plan or a step.',
    'approvalNeeded',
    409,
    'Nothing was changed by what was declined.',
  ),
  'step.check-failed': row(
    'A step ran, but its check does not hold on the host.',
    'failed',
    422,
    "Read the check and the step's output in the report.",
  ),
  'step.check-unreadable': row(
    'A check could not be decided on the host.',
    'failed',
    422,
    "Read the check's own output in the report.",
  ),
  'step.dependency-failed': row(
    'A step this one depends on did not succeed.',
    'failed',
    424,
    'Mend the failed step first.',
  ),
  'step.prerequisite-unmet': row(
    'What a step needs beforehand does not hold on the host, so nothing of it was done.',
    'failed',
    422,
    'Read which prerequisite in the message, and bring it about first.',
  ),
  'step.output-unexpected': row(
    'A command ended otherwise, or printed something else, than its step expects.',
    'failed',
    422,
    'Read what was expected in the message and what came in the report.',
  ),
  'step.regressed': row(
    'After a step something no longer worked that worked before it, and the step was taken back.',
    'failed',
    422,
    'Read in the report what was lost, and how the host is now.',
  ),
  'undo.nothing-kept': row(
    'Nothing of the run can be taken back by Deckhand.',
    'usage',
    409,
    'The report names what the run changed and why it cannot be taken back.',
  ),
  'run.needs-person': row(
    'The run does not know how to go on, and nobody was there to ask.',
    'approvalNeeded',
    409,
    'Read the evidence in the report; run it again with somebody to answer, or mend the cause first.',
  ),
  'run.postcondition-failed': row(
    'All steps ran, but a post-condition does not hold.',
    'failed',
    422,
    'Read which one in the report.',
  ),
  'run.some-hosts-failed': row(
    'Some hosts succeeded and some did not.',
    'someHostsFailed',
    207,
    'Run again on the failed hosts only.',
  ),
} as const satisfies Record<string, ErrorTraits>;
