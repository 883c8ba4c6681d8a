import { type Clock, systemClock } from '../core/clock.ts';
import { type ErrorRecord, toDeckhandError } from '../core/deckhand-error.ts';
import type { ErrorCode } from '../core/error-table.ts';
import type {
  ConnectOptions,
  ConnectStage,
  HostKeyIdentity,
  SshConnection,
  SshEngine,
} from './connection.ts';
import { probeShell } from './probe-shell.ts';
import type { ResolvedHost, ResolveHost } from './resolved-host.ts';

export type ConnectionTestStep = ConnectStage | 'shell';

/** Steps come in this order; after a failed one the others are `skipped`. */
export type StepResult =
  | { readonly status: 'passed' /** Milliseconds this step took. */; readonly latency: number }
  | { readonly status: 'failed'; readonly error: ErrorRecord }
  | { readonly status: 'skipped' };

export interface ConnectionTest {
  readonly name: string;
  /** Null when the name could not be resolved. */
  readonly host: ResolvedHost | null;
  readonly steps: Readonly<Record<ConnectionTestStep, StepResult>>;
  readonly hostKey: HostKeyIdentity | null;
  readonly serverVersion: string | null;
  /** The account's start-up files print something of their own. */
  readonly noisy: boolean;
  readonly passed: boolean;
  /** Milliseconds for everything. */
  readonly duration: number;
}

export interface ConnectionTestOptions {
  readonly engine: SshEngine;
  readonly resolve: ResolveHost;
  readonly options: Omit<ConnectOptions, 'resolve' | 'onStage'>;
  readonly clock?: Clock;
}

const ORDER: readonly ConnectionTestStep[] = ['reachable', 'host-key', 'authenticated', 'shell'];

const FAILED_STEP: Partial<Record<ErrorCode, ConnectionTestStep>> = {
  'ssh.host-key-unknown': 'host-key',
  'ssh.host-key-changed': 'host-key',
  'ssh.host-key-revoked': 'host-key',
  'ssh.authentication-failed': 'authenticated',
  'ssh.no-credentials': 'authenticated',
  'ssh.key-unreadable': 'authenticated',
  'ssh.no-shell': 'shell',
  'ssh.channel-refused': 'shell',
};

/** Tries a host step by step and says which step fails and why; never throws for what the host does. */
export async function testConnection(name: string, test: ConnectionTestOptions): Promise<ConnectionTest> {
  const clock = test.clock ?? systemClock;
  const startedAt = clock.monotonic();
  const steps: Partial<Record<ConnectionTestStep, StepResult>> = {};
  let previous = startedAt;
  const pass = (step: ConnectionTestStep): void => {
    const now = clock.monotonic();
    steps[step] = { status: 'passed', latency: now - previous };
    previous = now;
  };
  let host: ResolvedHost | null = null;
  let connection: SshConnection | null = null;
  let noisy = false;
  try {
    host = await test.resolve(name, test.options.signal);
    connection = await test.engine.connect(host, { ...test.options, resolve: test.resolve, onStage: pass });
    noisy = (await probeShell(connection, { signal: test.options.signal })).noisy;
    pass('shell');
  } catch (thrown) {
    const error = toDeckhandError(thrown);
    const firstOpen = ORDER.find(step => steps[step] === undefined) ?? 'shell';
    steps[FAILED_STEP[error.code] ?? firstOpen] = { status: 'failed', error: error.toJSON() };
  } finally {
    await connection?.close();
  }
  return {
    name,
    host,
    steps: complete(steps),
    hostKey: connection?.hostKey ?? null,
    serverVersion: connection?.serverVersion ?? null,
    noisy,
    passed: ORDER.every(step => steps[step]?.status === 'passed'),
    duration: clock.monotonic() - startedAt,
  };
}

function complete(steps: Partial<Record<ConnectionTestStep, StepResult>>): ConnectionTest['steps'] {
  const skipped: StepResult = { status: 'skipped' };
  return {
    reachable: steps.reachable ?? skipped,
    'host-key': steps['host-key'] ?? skipped,
    authenticated: steps.authenticated ?? skipped,
    shell: steps.shell ?? skipped,
  };
}
