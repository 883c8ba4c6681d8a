import type { ApprovalAnswer, ApprovalRequest, CallOptions, PersonAnswer } from '../api/contract.ts';
import { promptNeeded } from './asker.ts';
import type { EngineSession } from './engine-session.ts';
import type { ApprovalFlags } from './flags.ts';
import { oneLine } from './layout.ts';

type Approve = NonNullable<CallOptions['approve']>;

/** `--confirm` needs a person; said before any host is reached. Throws `input.prompt-needed`. */
export function checkApprovalFlags(flags: ApprovalFlags, session: Pick<EngineSession, 'asker'>): void {
  if (flags.confirm && !session.asker)
    throw promptNeeded('--confirm asks before each step', '--yes instead of --confirm');
}

/**
 * Asks the person at the terminal; the plan itself was shown when it came. `--confirm` asks before each
 * step, and then not for the whole as well. Without a terminal it throws `input.prompt-needed`.
 */
export function approver(flags: ApprovalFlags, session: Pick<EngineSession, 'asker'>): Approve {
  return async request => {
    if (request.correction !== undefined) return await askCorrection(request.correction, request, session);
    if (request.stepId !== undefined) return flags.confirm ? await askStep(request, session) : 'approve';
    const doubted = (request.preview.doubts ?? []).length > 0;
    if (!doubted && (flags.yes || (flags.confirm && session.asker))) return 'approve';
    return await askPlan(request, session);
  };
}

async function askPlan(
  request: ApprovalRequest,
  session: Pick<EngineSession, 'asker'>,
): Promise<ApprovalAnswer> {
  if (!session.asker) throw promptNeeded('The plan needs an approval', '--yes');
  const doubted = (request.preview.doubts ?? []).length > 0;
  const destructive = doubted || request.preview.steps.some(step => step.risk === 'destructive');
  const hosts = request.preview.hosts.filter(host => host.pending.length > 0).length;
  return await session.asker.choose<ApprovalAnswer>(
    `Carry out plan ${request.hash.slice(0, 12)} on ${hosts === 1 ? '1 host' : `${hosts} hosts`}?`,
    [
      { value: 'approve', label: 'Approve' },
      { value: 'decline', label: 'Decline: change nothing' },
    ],
    destructive ? 'decline' : 'approve',
  );
}

/** How a run that does not know further goes on; the evidence is shown first. */
export function personAsker(session: Pick<EngineSession, 'asker' | 'say'>): Pick<CallOptions, 'needsPerson'> {
  const { asker, say } = session;
  if (!asker) return {};
  return {
    needsPerson: async ({ title, evidence }) => {
      say(`${oneLine(title)}\n${evidence}`);
      const choice = await asker.choose<PersonAnswer['choice']>(
        'The run does not know further. How does it go on?',
        [
          { value: 'continue', label: 'Continue: try again, with what you say next' },
          { value: 'skip', label: 'Skip the step that failed' },
          { value: 'abort', label: 'Abort the run' },
        ],
        'continue',
      );
      if (choice === 'abort') return { choice };
      return { choice, note: await asker.line('What should it know? (nothing: Return)', '') };
    },
  };
}

/** Never agreed to by `--yes`: whoever approved the plan has not seen it. */
async function askCorrection(
  correction: string,
  request: ApprovalRequest,
  session: Pick<EngineSession, 'asker'>,
): Promise<ApprovalAnswer> {
  if (!session.asker) return 'decline';
  const where = request.host === undefined ? '' : `${oneLine(request.host)}: `;
  return await session.asker.choose<ApprovalAnswer>(
    `${where}${oneLine(correction)}`,
    [
      { value: 'approve', label: 'Do that, then try once more' },
      { value: 'decline', label: 'No: the step fails' },
    ],
    'decline',
  );
}

async function askStep(
  request: ApprovalRequest,
  session: Pick<EngineSession, 'asker'>,
): Promise<ApprovalAnswer> {
  if (!session.asker) throw promptNeeded('--confirm asks before each step', '--yes instead of --confirm');
  const step = request.preview.steps.find(candidate => candidate.id === request.stepId);
  const where = request.host === undefined ? '' : `${oneLine(request.host)}: `;
  const risk = step && step.risk !== 'none' ? ` (${step.risk})` : '';
  return await session.asker.choose<ApprovalAnswer>(
    `${where}${oneLine(step?.title ?? request.title)}${risk}`,
    [
      { value: 'approve', label: 'Approve this step' },
      { value: 'skip', label: 'Skip it (steps that need it do not run)' },
      { value: 'decline', label: 'Abort the run' },
    ],
    step?.risk === 'destructive' ? 'skip' : 'approve',
  );
}
