import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { RunReport, PlanPreview } from '../src/core/run-report.ts';
import { ownHome } from '../test/own-home.ts';
import type { Asked } from './grade.ts';

const ENTRY = join(import.meta.dirname, '../src/bin.ts');
/** Milliseconds between the interrupt at the time limit and the end of the process. */
const GRACE = 15_000;

export interface Place {
  /** Home, state, cache and settings of this one run: nothing is left over from another. */
  readonly folder: string;
  readonly sshConfigFile: string;
  readonly host: string;
}

/** Runs `deckhand` with these words as a person would, its daemon included, and reads its event lines. */
export async function ask(place: Place, words: readonly string[], limit: number): Promise<Asked> {
  const begun = performance.now();
  const [verb = '', ...rest] = words;
  const all = [verb, '--jsonl', '--host', place.host, '--ssh-config', place.sshConfigFile, ...rest];
  const { code, stdout, timedOut } = await run(place.folder, all, limit);
  return { ...readLines(stdout), exitCode: code, duration: performance.now() - begun, timedOut };
}

/** Starts the daemon, so that the time until it answers on a busy machine is not the planner's. */
export async function startDaemon(folder: string): Promise<void> {
  for (let attempt = 1; attempt <= 3; attempt += 1) {
    if ((await run(folder, ['daemon', 'start'], 120_000)).code === 0) return;
  }
  throw new Error('the daemon does not start');
}

/** Ends the daemon again. */
export async function endDaemon(folder: string): Promise<void> {
  await run(folder, ['daemon', 'stop'], 60_000);
}

interface Line {
  readonly kind?: string;
  readonly preview?: PlanPreview;
  readonly result?: Partial<RunReport> & { readonly usage?: { readonly totalTokens?: number } };
  readonly error?: { readonly code?: string };
}

const RISKS = ['none', 'change', 'privileged', 'destructive'] as const;

/** What the event lines of one run tell. Lines that are no JSON are passed over. */
export function readLines(text: string): Omit<Asked, 'exitCode' | 'duration' | 'timedOut'> {
  const lines = text.split('\n').flatMap(parse);
  const preview = lines.findLast(line => line.preview !== undefined)?.preview;
  const last = lines.findLast(line => line.kind === 'result' || line.kind === 'error');
  const report = last?.result;
  const host = report?.hosts?.[0];
  const declared = preview?.steps.map(step => RISKS.indexOf(step.risk)) ?? [];
  // what a model wrote is taken for what the policy makes of it, not for what the model declares
  const byModel = new Set(preview?.plan.steps.flatMap(step => (step.madeBy === 'model' ? [step.id] : [])));
  const judged = (preview?.commands ?? []).filter(command => byModel.has(command.stepId));
  const grave = judged.some(command => command.class === 'destructive' || command.class === 'forbidden');
  const risks = grave ? [RISKS.indexOf('destructive')] : declared;
  return {
    error: last?.error?.code ?? host?.error?.code ?? report?.error?.code ?? '',
    claimed: report?.outcome ?? 'nothing',
    risk: preview ? (RISKS[Math.max(0, ...risks)] ?? 'none') : null,
    steps: preview?.steps.length ?? 0,
    commands: host?.roundTrips ?? 0,
    tokens: tokensOf(lines),
    approvals: lines.filter(line => line.kind === 'approval-requested').length,
    corrections: lines.filter(line => line.kind === 'correction').length,
    runbook: preview?.plan.runbook?.name ?? '',
  };
}

function parse(line: string): Line[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? [value] : [];
  } catch {
    return [];
  }
}

/** Every model call says its usage in an event of its own; whatever carries both counts is summed. */
function tokensOf(lines: readonly object[]): number {
  return lines
    .map(
      line => (line as { usage?: { promptTokens?: number | null; completionTokens?: number | null } }).usage,
    )
    .reduce((sum, usage) => sum + (usage?.promptTokens ?? 0) + (usage?.completionTokens ?? 0), 0);
}

async function run(
  folder: string,
  words: readonly string[],
  limit: number,
): Promise<{ code: number | null; stdout: string; timedOut: boolean }> {
  const child = spawn(process.execPath, [ENTRY, ...words], {
    cwd: folder,
    env: { ...ownHome(folder), NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let timedOut = false;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (stdout += piece));
  child.stderr.resume();
  const interrupt = setTimeout(() => {
    timedOut = true;
    child.kill('SIGINT');
  }, limit);
  const end = setTimeout(() => child.kill('SIGKILL'), limit + GRACE);
  const [code] = (await once(child, 'close')) as [number | null];
  clearTimeout(interrupt);
  clearTimeout(end);
  return { code, stdout, timedOut };
}
