import { createHash } from 'node:crypto';
import { isProgram } from '../core/asker.ts';
import { newId } from '../core/ids.ts';
import type { PlannedCommand } from '../core/run-report.ts';
import type { Approval, TaskRecord } from '../core/task.ts';
import type { NewApproval } from '../store/store.ts';

/**
 * Kinds that read or write files of this machine, open its ports, or bring servers to hosts. A model's program may wish
 * for them; a person says yes to exactly that, before anything of it is begun.
 */
export const ASKED_FOR_PROGRAMS: ReadonlySet<string> = new Set([
  'scp.upload',
  'scp.download',
  'scp.sync',
  'model.deploy',
  'ssh.tunnel',
]);

/** Milliseconds that a person has, and that a yes holds. */
const PERSON_LIFE = 7 * 86_400_000;
const APPROVAL_LIFE = 86_400_000;
/** Characters of one parameter that are shown; what is longer is in the hash all the same. */
const LONGEST_SHOWN = 2000;

/** What a claim knows of its task and of what persons said. */
interface Claimed {
  readonly task: TaskRecord;
  readonly steps: ReadonlyMap<string, unknown>;
  readonly approved: readonly Approval[];
}

/** The step that says that a yes was used. */
const USED = 'approved';

/** `null`: nobody has to be asked. `use`: the yes that covers it. `ask`: what a person must see first. */
export function programApproval(
  { task, steps, approved }: Claimed,
  now: number,
): { readonly use: string; readonly step: string } | { readonly ask: NewApproval } | null {
  if (!isProgram(task.surroundings.asker) || !ASKED_FOR_PROGRAMS.has(task.kind)) return null;
  const text = wishOf(task);
  const hash = createHash('sha256').update(text).digest('hex');
  const given = approved.find(
    one => one.hash === hash && (steps.has(USED) || one.validUntil === null || now < one.validUntil),
  );
  if (given) return { use: given.id, step: USED };
  return { ask: approvalOf(task, { text, hash, now }) };
}

function approvalOf(
  task: TaskRecord,
  { text, hash, now }: { readonly text: string; readonly hash: string; readonly now: number },
): NewApproval {
  const deletes = task.params['deleteExtra'] === true && task.params['dryRun'] !== true;
  const risks = deletes ? ['data-loss'] : [];
  const command: PlannedCommand = {
    stepId: task.kind,
    text: shownWish(text),
    class: deletes ? 'destructive' : 'change',
    risks,
    decision: 'ask',
    rule: null,
    why: 'it reaches files or ports of this machine',
    meaning: hash,
  };
  return {
    id: newId('approval', now),
    hash,
    title: task.title,
    kind: 'plan',
    about: {
      goal: task.title,
      hosts: hostsOf(task),
      risks,
      commands: [command],
      doubts: [`${task.surroundings.asker ?? ''} asks for it, not a person.`],
    },
    uses: 1,
    expiresAt: now + PERSON_LIFE,
    validFor: APPROVAL_LIFE,
  };
}

/** Exactly what would be done: kind, host and every parameter. */
function wishOf({ kind, host, params }: TaskRecord): string {
  const rows = Object.keys(params)
    .toSorted()
    .map(name => `  ${name}: ${JSON.stringify(params[name])}`);
  return [`${kind}${host === null ? '' : ` on ${host}`}`, ...rows].join('\n');
}

/** The same for people: what is long is cut, and said to be. */
function shownWish(text: string): string {
  const lines = text.split('\n');
  const shown = lines.map(line =>
    line.length > LONGEST_SHOWN ? `${line.slice(0, LONGEST_SHOWN)} … (${line.length} characters)` : line,
  );
  return shown.join('\n');
}

function hostsOf({ host, params }: TaskRecord): readonly string[] {
  const named = host ?? params['host'];
  return typeof named === 'string' ? [named] : [];
}
