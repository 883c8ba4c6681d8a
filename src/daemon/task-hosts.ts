import { join } from 'node:path';
import { planFromRequest } from '../agent/plan-request.ts';
import type { RuleBook } from '../agent/judge-plan.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Plan } from '../core/plan.ts';
import type { ConnectResult, HostDoctorResult } from '../core/task-params.ts';
import { loadRunbooks } from '../runbooks/load-runbooks.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import type { SettingValues } from '../settings/schema.ts';
import type { LentConnection } from '../ssh/kept-connections.ts';
import type { SshConnection } from '../ssh/connection.ts';
import type { HostAccess, TaskPrompts } from '../tasks/host-access.ts';
import { type DoorOptions, HostDoor } from '../tasks/host-door.ts';
import type { HostAbilities } from '../tasks/plan-run.ts';
import type { FleetAccess } from './fleet-access.ts';
import { doctorOfHost, testHost } from './host-questions.ts';
import { loadRules } from './policy-gate.ts';
import { placesOf } from './places.ts';

/** Hosts as one task sees them: the shared connections, and its own submitter to ask. */
export class TaskHosts implements HostAccess {
  readonly #fleet: FleetAccess;
  readonly #prompts: TaskPrompts;

  constructor(fleet: FleetAccess, prompts: TaskPrompts) {
    this.#fleet = fleet;
    this.#prompts = prompts;
  }

  get settings(): SettingValues {
    return this.#fleet.settings.values;
  }

  async connect(host: string, signal: AbortSignal): Promise<void> {
    await this.#fleet.connect(host, this.#prompts, signal);
  }

  async connection(host: string, signal: AbortSignal): Promise<SshConnection> {
    return await this.#fleet.connect(host, this.#prompts, signal);
  }

  async bulkConnection(host: string, signal: AbortSignal): Promise<LentConnection | null> {
    return await this.#fleet.bulkConnection(host, signal);
  }

  async ownConnection(
    host: string,
    options: Parameters<HostAccess['ownConnection']>[1],
  ): Promise<SshConnection> {
    // a tunnel lives long: hosts and settings may have changed since
    await this.#fleet.refresh();
    const resolved = await this.#fleet.resolve(host, options.signal);
    return await this.#fleet.engine.connect(resolved, {
      ...this.#fleet.connectOptions(this.#prompts),
      ...options,
    });
  }

  get syncFolder(): string {
    return join(placesOf(process.env).folder, 'sync');
  }

  door(options: DoorOptions = {}): HostDoor {
    return new HostDoor({
      ...options,
      connect: async (host, signal) => await this.#fleet.connect(host, this.#prompts, signal),
      sudoPassword: this.#prompts.sudoPassword,
      clock: systemClock,
    });
  }

  async test(host: string, signal: AbortSignal): Promise<ConnectResult> {
    return await testHost(this.#fleet, this.#prompts, host, signal);
  }

  async facts(
    host: string,
    refresh: boolean,
    signal: AbortSignal,
  ): Promise<{ readonly facts: Readonly<Record<string, unknown>>; readonly age: number }> {
    const connection = await this.#fleet.connect(host, this.#prompts, signal);
    const { facts, age } = await this.#fleet.facts(connection, refresh, signal);
    return { facts: { ...facts }, age };
  }

  async abilities(host: string, signal: AbortSignal): Promise<HostAbilities> {
    const connection = await this.#fleet.connect(host, this.#prompts, signal);
    const { facts, asked } = await this.#fleet.facts(connection, false, signal);
    if (facts.os.kernelName !== 'Linux') {
      const text = `${host}: typed states need Linux; this is ${facts.os.kernelName}.`;
      throw new DeckhandError('host.unsupported', text, { details: { host } });
    }
    return { family: facts.os.family, systemd: facts.init === 'systemd', roundTrips: asked ? 1 : 0 };
  }

  async doctor(host: string, signal: AbortSignal): Promise<HostDoctorResult['findings']> {
    return await doctorOfHost(this.#fleet, this.#prompts, host, signal);
  }

  async rules(): Promise<RuleBook> {
    return await loadRules(this.settings['policy.rules']);
  }

  async runbooks(): Promise<readonly Runbook[]> {
    return await loadRunbooks(this.settings.runbooks);
  }

  async plan(request: Parameters<HostAccess['plan']>[0]): Promise<Plan> {
    return planFromRequest(request, await this.runbooks());
  }
}
