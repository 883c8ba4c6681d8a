import { access, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Improved } from '../../agent/improve.ts';
import { oneLine } from '../../core/untrusted.ts';
import type { PlanningServer } from '../../models/planning/planning-server.ts';
import { breakdownOf } from './breakdown.ts';
import { ModelRelay } from './model-relay.ts';
import { runProcess } from './run-process.ts';

const PROGRAM = 'task-master';
const OLDEST = [0, 40] as const;
/** Milliseconds of one run; it needs two seconds for its version alone. */
const RUN_LIMIT = 60_000;
const TAG = 'request';
const LONGEST_REASON = 200;
/** Parts that a request is broken into. */
const PARTS = '5';
/** What makes it take a folder above for its project. */
const MARKERS = ['.taskmaster', 'package.json', '.git'];

/** A breakdown, or why there is none, in words. */
export type TaskMasterAnswer =
  | { readonly improved: Improved; readonly requests: number }
  | { readonly improved: null; readonly reason: string };

export interface TaskMasterOptions {
  /** Of the executor: where the program is looked for. */
  readonly path: string;
  /** Milliseconds of one run at most; absent: a minute. */
  readonly limit?: number;
}

/** The Task Master that a person has installed; what it says is advice, and nothing it says is run. */
export class TaskMaster {
  readonly #options: TaskMasterOptions;
  #fault: Promise<string | null> | null = null;

  constructor(options: TaskMasterOptions) {
    this.#options = options;
  }

  /** `limit`: milliseconds, where that is less than its own. Never throws but the reason of the signal. */
  async breakDown(
    request: string,
    model: PlanningServer,
    signal: AbortSignal,
    limit = RUN_LIMIT,
  ): Promise<TaskMasterAnswer> {
    if (model.provider !== 'openai-compatible')
      return none(`${model.name} does not speak the form that Task Master asks in (${model.provider})`);
    // it writes into the folder it is called in, whatever it is asked
    const folder = await mkdtemp(join(tmpdir(), 'deckhand-task-master-'));
    try {
      const longest = Math.min(limit, this.#options.limit ?? RUN_LIMIT);
      this.#fault ??= this.#lookFor(folder, longest);
      const fault = (await this.#fault) ?? (await markerAbove(folder));
      return fault === null
        ? await this.#run(request, model, folder, { signal, limit: longest })
        : none(fault);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  async #run(
    request: string,
    model: PlanningServer,
    folder: string,
    { signal, limit }: { readonly signal: AbortSignal; readonly limit: number },
  ): Promise<TaskMasterAnswer> {
    await using relay = await ModelRelay.open(model);
    await prepare(folder, request, relay.url);
    const late = AbortSignal.timeout(limit);
    const words = ['parse-prd', '.taskmaster/docs/prd.txt', '-n', PARTS, '-f', '--tag', TAG] as const;
    const { code, output } = await runProcess([PROGRAM, ...words], {
      folder,
      environment: this.#environment(folder, { OPENAI_COMPATIBLE_API_KEY: relay.token }),
      signal: AbortSignal.any([signal, late]),
    });
    signal.throwIfAborted();
    if (late.aborted) return none('Task Master did not end in time');
    if (code !== 0) return none(`Task Master ended with ${code}: ${lastLine(output)}`);
    const json = await readFile(join(folder, '.taskmaster/tasks/tasks.json'), 'utf8').catch(() => '');
    const improved = breakdownOf(json, TAG, request);
    // it ends with 0 when it has done nothing, too
    return improved ? { improved, requests: relay.requests } : none('what Task Master wrote is no breakdown');
  }

  /** Null: it is there and new enough. */
  async #lookFor(folder: string, limit: number): Promise<string | null> {
    const late = AbortSignal.timeout(limit);
    const { code, output } = await runProcess([PROGRAM, '--version'], {
      folder,
      environment: this.#environment(folder, {}),
      signal: late,
    });
    if (late.aborted) {
      // this machine may be less busy the next time
      this.#fault = null;
      return 'Task Master did not say its version in time';
    }
    // its libraries warn of other versions before it says its own
    const [, major, minor] = /(?:^|\s)v?(\d+)\.(\d+)\.\d+\S*\s*$/m.exec(output) ?? [];
    if (code !== 0 || major === undefined) return `no program '${PROGRAM}' answers on PATH`;
    const isOld = Number(major) === OLDEST[0] && Number(minor) < OLDEST[1];
    return isOld ? `Task Master ${major}.${minor} is older than ${OLDEST.join('.')}` : null;
  }

  /** Nothing of ours but the path: keys of other providers would make it ask them. */
  #environment(home: string, more: Readonly<Record<string, string>>): Record<string, string> {
    return { PATH: this.#options.path, HOME: home, CI: '1', NO_COLOR: '1', ...more };
  }
}

/** It says the same fault three times, the last time whole. */
function lastLine(output: string): string {
  const lines = output.split('\n').map(oneLine);
  return (lines.findLast(line => line !== '') ?? '').slice(0, LONGEST_REASON);
}

function none(reason: string): TaskMasterAnswer {
  return { improved: null, reason };
}

async function markerAbove(folder: string): Promise<string | null> {
  for (let place = dirname(folder); ; place = dirname(place)) {
    for (const name of MARKERS) {
      const found = await access(join(place, name)).then(
        () => true,
        () => false,
      );
      if (found) return `${join(place, name)} would make Task Master take ${place} for its project`;
    }
    if (dirname(place) === place) return null;
  }
}

async function prepare(folder: string, request: string, baseURL: string): Promise<void> {
  const model = {
    provider: 'openai-compatible',
    modelId: 'model',
    maxTokens: 8000,
    temperature: 0.2,
    baseURL,
  };
  const config = {
    models: { main: model, research: model, fallback: model },
    global: {
      enableCodebaseAnalysis: false,
      anonymousTelemetry: false,
      responseLanguage: 'English',
      defaultTag: 'master',
      defaultNumTasks: 5,
      projectName: 'request',
      logLevel: 'error',
    },
  };
  await mkdir(join(folder, '.taskmaster/docs'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, '.taskmaster/config.json'), JSON.stringify(config), { mode: 0o600 });
  await writeFile(join(folder, '.taskmaster/docs/prd.txt'), `${request}\n`, { mode: 0o600 });
}
