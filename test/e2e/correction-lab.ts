import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planSchema, type Step } from '../../src/core/plan.ts';
import type { Correction, HostReport, RunReport, StepReport } from '../../src/core/run-report.ts';
import type { State } from '../../src/core/state.ts';
import { type CallOptions, type Deckhand, openDeckhand, type RunEvent } from '../../src/index.ts';
import { bootHost, type LabHost, labSshConfig } from '../lab/lab.ts';

/** Faults made on a real host, a step that runs into each, and the whole engine in this process to carry them out. */

/** One known failure: how it is made, and the step that meets it. */
export interface Fault {
  /** The name of the row that must recognise it. */
  readonly id: string;
  /** Bash, as root, on the host, right before the step. */
  readonly fault: string;
  /** POSIX sh; how often it ran, and as which process, is noted on the host. */
  readonly command?: string;
  /** POSIX sh; what proves the step. Default: the command came to its end. */
  readonly proof?: string;
  readonly privilege?: 'user' | 'root';
  /** A typed state in place of a command. */
  readonly state?: Readonly<Record<string, unknown>>;
}

export interface FaultRun {
  readonly report: RunReport;
  readonly host: HostReport;
  readonly events: readonly RunEvent[];
  /** How often the command of each fault ran, as the host counted. */
  readonly counts: ReadonlyMap<string, number>;
}

const COUNTS = '/srv/count';

/**
 * On the host, `sh /srv/after-first-run ID` waits until the command of that fault has run once and ended, however long
 * it takes: what a correction is to wait for may not be over before the command has met it.
 */
const AFTER_FIRST_RUN = `cat >/srv/after-first-run <<'END_OF_SCRIPT'
until [ -s ${COUNTS}/$1 ]; do sleep 0.1; done
read -r first <${COUNTS}/$1
while [ -e /proc/$first ]; do sleep 0.1; done
END_OF_SCRIPT
`;

export class CorrectionLab implements AsyncDisposable {
  readonly host: LabHost;
  readonly folder: string;
  readonly #sshConfigFile: string;

  private constructor(host: LabHost, folder: string, sshConfigFile: string) {
    this.host = host;
    this.folder = folder;
    this.#sshConfigFile = sshConfigFile;
  }

  static async open(number: number): Promise<CorrectionLab> {
    const folder = await mkdtemp(join(tmpdir(), 'corrections-'));
    const host = await bootHost(number);
    return new CorrectionLab(host, folder, await labSshConfig([host], folder));
  }

  /** Bash as root on the host, through its own ssh. Throws when it fails. */
  async bash(script: string): Promise<string> {
    const text = `exec 2>&1; set -e; export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive\n${script}`;
    const { code, stdout } = await this.host.run('bash -s', { input: text, timeoutMs: 500_000 });
    if (code !== 0) throw new Error(`on ${this.host.name}: exit ${code}: ${stdout}`);
    return stdout;
  }

  /** All faults one after the other, each a step of one plan. */
  async meet(
    faults: readonly Fault[],
    options: {
      readonly overrides?: Readonly<Record<string, string>>;
      readonly corrections?: boolean;
      readonly approve?: CallOptions['approve'];
    } = {},
  ): Promise<FaultRun> {
    const { overrides = {}, corrections = true, approve } = options;
    const files = faults.map(
      ({ id, fault }) => `cat >/srv/fault/${id} <<'END_OF_FAULT'\nset -e\n${fault}\nEND_OF_FAULT\n`,
    );
    await this.bash(`mkdir -p /srv/fault /srv/done ${COUNTS}\n${AFTER_FIRST_RUN}${files.join('')}`);
    const plan = planSchema.parse({
      intent: 'faults',
      goal: 'every fault is met',
      steps: faults.map(stepOf),
    });
    const events: RunEvent[] = [];
    const deckhand: Deckhand = await openDeckhand({
      folder: join(this.folder, 'state'),
      workingFolder: this.folder,
      sshConfigFile: this.#sshConfigFile,
      overrides,
    });
    await using _closed = { [Symbol.asyncDispose]: async () => await deckhand[Symbol.asyncDispose]() };
    const { signal } = new AbortController();
    const call: CallOptions = {
      signal,
      onEvent: event => events.push(event),
      ...(approve ? { approve } : {}),
    };
    const request = { hosts: this.host.name, plan, confirm: 'plan', corrections } as const;
    const report = await deckhand.run({ ...request, ...(approve ? {} : { approved: true }) }, call);
    const [host] = report.hosts;
    if (process.env['DECKHAND_TEST_STEPS'])
      for (const step of host?.steps ?? [])
        console.log(
          step.id,
          step.outcome,
          step.duration,
          namesOf(step.corrections),
          step.error?.message ?? '',
        );
    if (!host) throw new Error(`nothing was run: ${report.error?.message ?? report.outcome}`);
    return { report, host, events, counts: await this.#counts() };
  }

  async #counts(): Promise<ReadonlyMap<string, number>> {
    const { stdout } = await this.host.run(`cd ${COUNTS} && wc -l -- *`);
    const rows = stdout.matchAll(/^ *(\d+) (\S+)$/gm);
    return new Map([...rows].map(([, count, id = '']) => [id, Number(count)]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.host.down();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function stepOf({ id, command, proof, state, privilege = 'root' }: Fault): Step {
  const made = `/srv/fault/${id}.made`;
  const fault = {
    kind: 'command',
    title: `fault ${id}`,
    script: `bash /srv/fault/${id} >/srv/fault/${id}.log 2>&1 && touch ${made}`,
    creates: made,
  };
  const done = `/srv/done/${id}`;
  const failing = state ?? {
    kind: 'command',
    title: id,
    script: `echo $$ >>${COUNTS}/${id}\n${command}\n${proof === undefined ? `touch ${done}` : ''}`,
    unless: proof ?? `test -e ${done}`,
    privilege,
  };
  return { id, title: id, states: [fault, failing] } as unknown as Step;
}

export function stepOfRun(run: FaultRun, id: string): StepReport {
  const step = run.host.steps.find(one => one.id === id);
  if (!step) throw new Error(`there is no step ${id}`);
  return step;
}

/** The runs of the failing state of a step, as the journal has them. */
export function appliesOf(run: FaultRun, state: string): readonly string[] {
  return run.host.commandRuns
    .map(({ purpose }) => purpose)
    .filter(purpose => purpose === `apply: ${state}` || purpose === `apply once more: ${state}`);
}

export function namesOf(corrections: readonly Correction[]): readonly string[] {
  return corrections.map(({ signature }) => signature);
}

/** What a fault's failing state is called in reports. */
export function nameOf({ id, state }: Fault): string {
  if (!state) return `command ${id}`;
  const { kind, name, path } = state as Partial<State> & Readonly<Record<string, string>>;
  return `${kind} ${name ?? path}`;
}
