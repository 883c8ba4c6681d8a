import type {
  DeckhandApi,
  ExecHostResult,
  PersonPrompts,
  TransferHostResult,
  ModelApi,
  TunnelView,
} from '../api/contract.ts';
import type { TaskApi } from '../api/task-api.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Surroundings } from '../core/task.ts';
import type { TransferResult } from '../core/transfer-params.ts';
import type { Asker } from './asker.ts';
import type { DaemonControl, PolicyTools, RunTools } from './context.ts';
import type { InterruptWords } from './interrupt.ts';
import { runCli } from './main.ts';
import { provedReport, samplePreview } from '../reports/sample-run.ts';
import { scriptedTasks } from './scripted-tasks.ts';

/** What a command line printed and asked. */
interface ScriptedRun {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Where the work was said to stand; null when the engine was not asked for any. */
  readonly opened: Surroundings | null;
  /** What a Ctrl-C would have said, in order. */
  readonly interruptWords: readonly (InterruptWords | null)[];
  readonly questions: readonly string[];
}

interface Script {
  readonly api?: Partial<DeckhandApi> | ((prompts: PersonPrompts) => Partial<DeckhandApi>);
  readonly tasks?: Partial<TaskApi>;
  readonly daemon?: Partial<DaemonControl>;
  /** Answers in order; absent: nobody can be asked. */
  readonly answers?: readonly string[];
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  readonly stdin?: Uint8Array;
  /** Where the command line is typed; default a folder that does not exist. */
  readonly folder?: string;
}

/** For tests only: runs a command line against a scripted engine and keeps all it printed. */
export async function runScripted(inputs: readonly string[], script: Script = {}): Promise<ScriptedRun> {
  const printed = { stdout: '', stderr: '' };
  const questions: string[] = [];
  const interruptWords: (InterruptWords | null)[] = [];
  let opened: ScriptedRun['opened'] = null;
  const engine = (prompts: PersonPrompts): DeckhandApi => ({
    ...sampleApi,
    ...(typeof script.api === 'function' ? script.api(prompts) : script.api),
  });
  const output = (name: keyof typeof printed) => ({
    isTerminal: script.terminal ?? false,
    columns: () => 80,
    rows: () => 24,
    write: (data: string | Uint8Array): void => {
      printed[name] += typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    },
  });
  const exitCode = await runCli(inputs, {
    terminal: {
      stdout: output('stdout'),
      stderr: output('stderr'),
      interactive: script.answers !== undefined,
      readStdin: async () => await Promise.resolve(script.stdin ?? new Uint8Array()),
      openLines: null,
      takeTerminal: null,
      environment: { NO_COLOR: '1' },
      folder: script.folder ?? '/work',
    },
    asker: script.answers ? scriptedAsker([...script.answers], questions) : null,
    signal: script.signal ?? new AbortController().signal,
    version: async () => await Promise.resolve('9.9.9'),
    serveMcp: async () => await Promise.resolve(),
    runDemo: async surroundings => await surroundings.run(['--version']),
    openTasks: async () =>
      await Promise.resolve(
        scriptedTasks(engine, script.tasks ?? {}, surroundings => {
          opened = surroundings;
        }),
      ),
    daemon: { ...sampleDaemon, ...script.daemon },
    policy: samplePolicy,
    runs: sampleRuns,
    sayOnInterrupt: words => interruptWords.push(words),
  });
  return { exitCode, ...printed, opened, interruptWords, questions };
}

function scriptedAsker(answers: string[], questions: string[]): Asker {
  const next = async (question: string): Promise<string> => {
    questions.push(question);
    const answer = answers.shift();
    if (answer === undefined) throw new DeckhandError('command.cancelled', 'No answer is left.');
    return await Promise.resolve(answer);
  };
  return {
    choose: async <Value extends string>(question: string) => (await next(question)) as Value,
    line: next,
    secret: next,
  };
}

/** A result of `exec` with its output as text, one character per byte. */
export function execResult(
  host: string,
  part: Partial<Omit<ExecHostResult, 'stdout' | 'stderr'>> & { stdout?: string; stderr?: string } = {},
): ExecHostResult {
  const stdout = Buffer.from(part.stdout ?? '', 'latin1');
  const stderr = Buffer.from(part.stderr ?? '', 'latin1');
  return {
    host,
    verdict: 'succeeded',
    exitCode: 0,
    signal: null,
    truncated: false,
    duration: 12,
    runId: 'run-1',
    stdoutBytes: stdout.length,
    stderrBytes: stderr.length,
    ...part,
    stdout,
    stderr,
  };
}

/** What a transfer came to that moved one file of five bytes. */
export const sampleTransfer: TransferResult = {
  files: 1,
  bytes: 5,
  directories: 0,
  links: 0,
  unchanged: 0,
  deleted: 0,
  totalBytes: 5,
  duration: 1000,
  verified: 1,
  skipped: [],
  skippedCount: 0,
  conflicts: [],
};

/** A transfer of one host. */
export function transferResult(
  host: string,
  part: Partial<TransferResult> = {},
  error?: TransferHostResult['error'],
): TransferHostResult {
  const result = error ? null : { ...sampleTransfer, ...part };
  return { host, task: 'task-1', source: '/work/a', target: '/b', result, ...(error ? { error } : {}) };
}

const transferred = async () => await Promise.resolve({ results: [transferResult('web-1')] });

const sampleModels: ModelApi = {
  planningModels: async () => await Promise.resolve({ roles: [], models: [] }),
  makeBundle: async () =>
    await Promise.resolve({
      path: '/cache/llama.tar.gz',
      sha256: 'ab',
      size: 1024,
      made: true,
      version: '1',
      architecture: 'x86_64',
      packages: [],
    }),
  deployModel: async () => await Promise.resolve([]),
  rollbackModel: async () => await Promise.resolve([]),
  removeModel: async () => await Promise.resolve([]),
  modelStatus: async () => await Promise.resolve([]),
  modelLogs: async () => await Promise.resolve([]),
  connectModel: async () => await Promise.resolve([]),
  disconnectModel: async () => await Promise.resolve([]),
  followModelLog: async () => await Promise.resolve([]),
};

const tunnel = async (): Promise<TunnelView> =>
  await Promise.resolve({
    name: 'db',
    host: 'web-1',
    forward: { kind: 'dynamic', listen: { host: '127.0.0.1', port: 1080 } },
    state: 'up',
    task: 'task-1',
    status: null,
    error: null,
  });

const sampleApi: DeckhandApi = {
  addTunnel: tunnel,
  listTunnels: async () => [await tunnel()],
  showTunnel: tunnel,
  startTunnel: tunnel,
  stopTunnel: tunnel,
  removeTunnel: async () => await Promise.resolve(),
  ...sampleModels,
  upload: transferred,
  download: transferred,
  sync: transferred,
  copy: transferred,
  list: async ({ path }) =>
    await Promise.resolve({
      results: [{ host: 'web-1', task: 'task-1', path, list: { path, entries: [], truncated: false } }],
    }),
  exec: async () => await Promise.resolve({ results: [execResult('web-1', { stdout: 'hello\n' })] }),
  plan: async () => await Promise.resolve(samplePreview),
  run: async (_, call) => {
    const answer = await call.approve?.({ hash: samplePreview.hash, title: 'goal', preview: samplePreview });
    if (answer === 'approve') return provedReport;
    return { ...provedReport, outcome: 'declined', hosts: [] };
  },
  listHosts: async () =>
    await Promise.resolve([
      { name: 'web-1', source: 'deckhand.yaml', groups: ['web'], address: '192.0.2.1' },
    ]),
  addHost: async () => await Promise.resolve({ file: '/x/deckhand.yaml' }),
  testHosts: async () =>
    await Promise.resolve([
      {
        host: 'web-1',
        ok: true,
        stages: [{ name: 'reachable', ok: true, latency: 3, text: '192.0.2.1:22' }],
      },
    ]),
  hostFacts: async () =>
    await Promise.resolve([{ host: 'web-1', facts: { system: 'Debian 13', cores: 4 }, age: 2000 }]),
  listRunbooks: async () =>
    await Promise.resolve([{ name: 'serve-page', title: 'Serve a page', parameters: [], examples: [] }]),
  showRunbook: async name =>
    await Promise.resolve({
      summary: {
        name,
        title: 'Serve a page',
        parameters: [
          { name: 'port', type: 'port', required: false, default: '80', description: 'Where it listens' },
        ],
        examples: ['serve hello on port 8080'],
      },
      source: 'name: serve-page\n',
    }),
  doctor: async () =>
    await Promise.resolve([
      { subject: 'this machine', id: 'ssh-agent', status: 'warn', message: 'no agent', fix: 'start one' },
    ]),
  [Symbol.asyncDispose]: async () => await Promise.resolve(),
};

const daemonStatus = {
  running: true,
  pid: 4711,
  version: '9.9.9',
  startedAt: '2026-01-01T00:00:00.000Z',
  socket: '/run/deckhand.sock',
  store: '/state/deckhand.db',
  logFile: '/state/daemon.log',
} as const;

const sampleRuns: RunTools = {
  undo: async ({ plan, hosts }) =>
    await Promise.resolve({ plan, hosts: hosts.map(({ host }) => host), uncovered: [] }),
  record: async () =>
    await Promise.resolve({
      name: 'recorded-x',
      source: 'name: recorded-x\n',
      parameters: [{ name: 'port', type: 'port', value: '8080' }],
    }),
  replay: async ({ id }) => await Promise.resolve({ run: id, parts: [], same: true }),
};

const samplePolicy: PolicyTools = {
  explain: async command =>
    await Promise.resolve({
      command,
      verdict: {
        class: 'destructive',
        risks: ['reboot'],
        effects: [{ kind: 'host', subject: 'reboot' }],
        reasons: [{ class: 'destructive', text: 'reboot', words: 'reboot' }],
      },
      hash: '0'.repeat(64),
      mode: 'ask',
      decisions: [{ mode: 'ask', decision: 'ask', rule: null, why: 'it reboots' }],
      always: [],
    }),
  test: async file => await Promise.resolve({ file, rules: [], examples: 0 }),
  audit: async () => await Promise.resolve({ folder: '/state', records: [] }),
};

const sampleDaemon: DaemonControl = {
  start: async () => await Promise.resolve({ status: daemonStatus, already: false }),
  stop: async () => await Promise.resolve({ pid: 4711 }),
  status: async () => await Promise.resolve(daemonStatus),
  logs: async ({ write }) => await Promise.resolve(write('listening\n')),
  run: async () => await Promise.resolve(),
};
