import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute } from 'node:path';
import { isProgram } from '../core/asker.ts';
import { DeckhandError, toDeckhandError } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { NewTask } from '../core/task.ts';
import { meaningHash, useApproval } from '../policy/approval.ts';
import { decide, type Decision, type PolicyMode, type RuleBook } from '../policy/decide.ts';
import { judgeCommand } from '../policy/judge.ts';
import { readRules } from '../policy/rule-schema.ts';
import { type Risk, RISKS, type Verdict } from '../policy/verdict.ts';
import { quote } from '../shell/quote.ts';
import type { SettingValues } from '../settings/schema.ts';
import { AuditLog } from '../store/audit-log.ts';
import { programWishes } from './program-wishes.ts';

/** A command that is about to become a task, or a part of one. */
interface Wanted {
  readonly command: string;
  readonly hosts: readonly string[];
  readonly approval?: { readonly hash: string; readonly risks: readonly string[] } | undefined;
}
interface Gate {
  readonly settings: SettingValues;
  /** Null: nowhere to keep it (an engine in memory). */
  readonly log: AuditLog | null;
  readonly who: string;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** How what comes is judged: as the settings say, or as a part of a plan. */
type GateMode = SettingValues['policy.mode'] | 'plan';

/** The rules of the settings; a file that cannot be read is a book that lets nothing through. */
export async function loadRules(file: string): Promise<RuleBook> {
  if (file === '') return { rules: [] };
  try {
    return { rules: readRules(await readFile(file, 'utf8'), file) };
  } catch (error) {
    return { broken: toDeckhandError(error).message };
  }
}

/** Where the audit log of a store is; null: a store in memory has none. */
export function auditFolder(storeFile: string): string | null {
  return isAbsolute(storeFile) ? dirname(storeFile) : null;
}

/** One log for each folder: it has one writer. */
const LOGS = new Map<string, AuditLog>();
export function auditLogBeside(storeFile: string): AuditLog | null {
  const folder = auditFolder(storeFile);
  if (folder === null) return null;
  const log = LOGS.get(folder) ?? new AuditLog(folder);
  LOGS.set(folder, log);
  return log;
}

/**
 * Judges what tasks of a submission would run, before any of them is kept. A person's own command runs unless a rule
 * denies it or `policy.mode` says otherwise; commands in a plan are never of the class `forbidden`.
 * Throws `policy.refused`, `policy.needs-approval`; each refusal and each approval is in the audit log first.
 */
export async function passPolicy(tasks: readonly NewTask[], gate: Gate): Promise<void> {
  const { 'policy.mode': mode, 'policy.rules': file } = gate.settings;
  const wishes = isProgram(gate.who) ? programWishes(tasks) : [];
  if (wishes.length > 0) return await passWishes(wishes, gate, await loadRules(file));
  const wanted = wantedOf(tasks);
  if (wanted.length === 0) return;
  const plan = tasks[0]?.kind === 'agent.run';
  if (mode === 'off' && file === '' && !plan) return;
  const book = await loadRules(file);
  const judgedAs = plan ? 'plan' : mode;
  for (const one of wanted) await pass(judgeOne(one, judgedAs, book), judgedAs, gate);
}

/** What a person will be asked about anyway: only a refusal ends it here. */
async function passWishes(wishes: readonly Wanted[], gate: Gate, book: RuleBook): Promise<void> {
  const set = gate.settings['policy.mode'];
  const mode = set === 'off' ? 'ask' : set;
  for (const wish of wishes) {
    const judged = judgeOne(wish, mode, book);
    if (judged.decision.decision === 'refuse') await pass(judged, mode, gate);
  }
}

interface Judged {
  readonly wanted: Wanted;
  readonly verdict: Verdict;
  readonly decision: Decision;
}

function judgeOne(wanted: Wanted, mode: GateMode, book: RuleBook): Judged {
  const verdict = judgeCommand(wanted.command);
  return { wanted, verdict, decision: decisionOf(verdict, mode, wanted.hosts, book) };
}

async function pass({ wanted, verdict, decision }: Judged, mode: GateMode, gate: Gate): Promise<void> {
  const meaning = meaningHash(wanted.hosts, wanted.command, verdict);
  const log = async (action: string, why: string): Promise<void> => {
    const { who, requestId, now: time } = gate;
    const { class: found, risks } = verdict;
    const { command, hosts } = wanted;
    await gate.log?.append({
      time,
      who,
      action,
      hosts: [...hosts],
      command,
      class: found,
      risks: [...risks],
      rule: decision.rule,
      why,
      meaning,
      requestId,
    });
  };
  if (decision.decision === 'run') {
    if (mode === 'auto' && verdict.class !== 'read-only') await log('policy.unasked', decision.why);
    return;
  }
  const details = {
    class: verdict.class,
    risks: verdict.risks,
    rule: decision.rule,
    hash: meaning,
    reasons: verdict.reasons,
  };
  const place = wanted.hosts.join(', ');
  const rule = decision.rule === null ? '' : ` (rule ${decision.rule})`;
  if (decision.decision === 'refuse') {
    await log('policy.refused', decision.why);
    throw new DeckhandError('policy.refused', `${place}: refused${rule}: ${decision.why}.`, { details });
  }
  const given = wanted.approval;
  const use = given
    ? useApproval(
        { hash: given.hash, risks: given.risks.filter(isRisk), uses: 1, expires: Infinity },
        meaning,
        verdict.risks,
        gate.now,
      )
    : null;
  if (use?.covered) {
    await log('policy.approved', decision.why);
    return;
  }
  await log('policy.asked', use ? use.why : decision.why);
  const risks = verdict.risks.map(risk => ` --risk ${risk}`).join('');
  const why = use && !use.covered ? `the approval does not hold: ${use.why}` : decision.why;
  throw new DeckhandError('policy.needs-approval', `${place}: needs an approval${rule}: ${why}.`, {
    details,
    hint: `Read what it does, then repeat it with --approve ${meaning.slice(0, 12)}${risks}`,
  });
}

function isRisk(name: string): name is Risk {
  return (RISKS as readonly string[]).includes(name);
}

/** Without a mode, rules that deny or ask still hold, and what nothing speaks against runs. */
function decisionOf(verdict: Verdict, mode: GateMode, hosts: readonly string[], book: RuleBook): Decision {
  if (mode !== 'off' && mode !== 'plan') return decide(verdict, mode satisfies PolicyMode, hosts, book);
  const strict = decide(verdict, 'ask', hosts, book);
  const byRule = strict.rule !== null && strict.decision !== 'run';
  const never = strict.decision === 'refuse' && ('broken' in book || mode === 'plan');
  // an `ask` of a rule about a plan is answered by the approval of the whole plan
  if (never || (byRule && !(mode === 'plan' && strict.decision === 'ask'))) return strict;
  return { decision: 'run', rule: null, why: strict.why };
}

function wantedOf(tasks: readonly NewTask[]): readonly Wanted[] {
  const [first] = tasks;
  if (first?.kind === 'ssh.execute') {
    const hosts = tasks.map(({ host }) => host ?? '');
    const { command, approval } = first.params as { command: string; approval?: Wanted['approval'] };
    return [{ command, hosts, approval }];
  }
  if (first?.kind === 'file.write') {
    const hosts = tasks.map(({ host }) => host ?? '');
    const { path, approval } = first.params as { path: string; approval?: Wanted['approval'] };
    // judged as the command that does the same
    return [{ command: `cat > ${quote(path)}`, hosts, approval }];
  }
  if (first?.kind === 'model.deploy' || first?.kind === 'model.deploy-here') {
    const { start, approval } = first.params as { start?: string; approval?: Wanted['approval'] };
    const hosts = tasks.map(({ host }) => host ?? 'local');
    return start === undefined ? [] : [{ command: start, hosts, approval }];
  }
  if (first?.kind !== 'agent.run') return [];
  const { plan, hosts } = first.params as { plan?: Plan; hosts: readonly string[] };
  const states = plan?.steps.flatMap(step => step.states) ?? [];
  return states.flatMap(state => (state.kind === 'command' ? [{ command: state.script, hosts }] : []));
}
