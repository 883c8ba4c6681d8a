import type { RuleBook } from '../agent/judge-plan.ts';
import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { ConnectResult, HostDoctorResult } from '../core/task-params.ts';
import type { Plan } from '../core/plan.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import type { SettingValues } from '../settings/schema.ts';
import type { ConnectOptions, SshConnection } from '../ssh/connection.ts';
import type { LentConnection } from '../ssh/kept-connections.ts';
import type { HostAbilities } from './plan-run.ts';
import type { DoorOptions, HostDoor } from './host-door.ts';

/** What only a person can give, on behalf of one task; null = nobody can. */
export interface TaskPrompts {
  readonly password: (host: string, user: string) => Promise<string | null>;
  readonly passphrase: (keyFile: string) => Promise<string | null>;
  readonly sudoPassword: (host: string) => Promise<string | null>;
  readonly acceptHostKey: (
    host: string,
    key: { readonly type: string; readonly fingerprint: string },
  ) => Promise<boolean>;
}

/** Nobody can be asked: keys, agents and known hosts must do. */
export const NOBODY: TaskPrompts = {
  password: () => Promise.resolve(null),
  passphrase: () => Promise.resolve(null),
  sudoPassword: () => Promise.resolve(null),
  acceptHostKey: () => Promise.resolve(false),
};

/** Hosts, settings and runbooks as the submitter of one task sees them. */
export interface HostAccess {
  readonly settings: SettingValues;
  /** Opens the shared connection, or waits for it; typed errors of `ssh/`. */
  connect(host: string, signal: AbortSignal): Promise<void>;
  /** The same connection itself, for what moves files. */
  connection(host: string, signal: AbortSignal): Promise<SshConnection>;
  /**
   * A connection of the system's client besides, for much data: its ciphers are the faster ones. Null: this host's
   * configuration, or a question to a person, is in the way.
   */
  bulkConnection(host: string, signal: AbortSignal): Promise<LentConnection | null>;
  /** A connection that nobody shares: whoever asked closes it. */
  ownConnection(
    host: string,
    options: Pick<ConnectOptions, 'signal' | 'onStage' | 'keepAliveInterval' | 'forForwards'>,
  ): Promise<SshConnection>;
  /** Where is kept what two trees looked like when they were last equal. */
  readonly syncFolder: string;
  door(options?: DoorOptions): HostDoor;
  test(host: string, signal: AbortSignal): Promise<ConnectResult & { readonly error?: ErrorRecord }>;
  facts(
    host: string,
    refresh: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly facts: Readonly<Record<string, unknown>>; readonly age: number }>;
  abilities(host: string, signal: AbortSignal): Promise<HostAbilities>;
  doctor(host: string, signal: AbortSignal): Promise<HostDoctorResult['findings']>;
  /** The rules of the policy, or why there are none to trust. */
  rules(): Promise<RuleBook>;
  runbooks(): Promise<readonly Runbook[]>;
  plan(request: {
    readonly intent: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly runbook: string | undefined;
  }): Promise<Plan>;
}
