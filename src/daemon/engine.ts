import { homedir } from 'node:os';
import { planFromRequest } from '../agent/plan-request.ts';
import type {
  CallOptions,
  DeckhandApi,
  ExecReport,
  ExecRequest,
  OpenDeckhand,
  PlanRequest,
} from '../api/contract.ts';
import { systemClock } from '../core/clock.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { newId } from '../core/ids.ts';
import { orderSteps, type Plan } from '../core/plan.ts';
import { settingsFileToWrite } from '../settings/load.ts';
import { addHost } from '../fleet/add-host.ts';
import { findRunbook, loadRunbooks } from '../runbooks/load-runbooks.ts';
import type { Runbook } from '../runbooks/runbook.ts';
import { type AgentRunPort, eventEmitter, previewPlan, runPlan } from '../tasks/agent-run.ts';
import { inParallel } from '../tasks/in-parallel.ts';
import { executeOnHost } from '../tasks/ssh-execute.ts';
import { FleetAccess } from './fleet-access.ts';
import { toExecHostResult } from './exec-result.ts';
import { doctorOfHost, doctorOfThisMachine, readFactsOf, testHost } from './host-questions.ts';
import { summariseRunbook } from './runbook-summary.ts';

/** Wires the whole engine into this process. */
export const openEngine: OpenDeckhand = async options => {
  const fleet = await FleetAccess.open(options);
  const clock = systemClock;
  const { values } = fleet.settings;
  // Read when first asked for: a broken runbook must not keep a command from running.
  let loading: Promise<readonly Runbook[]> | undefined;
  const runbooks = async (): Promise<readonly Runbook[]> => await (loading ??= loadRunbooks(values.runbooks));

  const language = values.language === 'ru' ? 'ru' : 'en';

  const makePlan = async (request: PlanRequest): Promise<Plan> => {
    if (request.plan) return request.plan;
    return planFromRequest(
      { intent: request.intent ?? '', parameters: request.parameters ?? {}, runbook: request.runbook },
      await runbooks(),
    );
  };
  const agentPort = (call: CallOptions): AgentRunPort => ({
    clock,
    concurrency: values.concurrency,
    door: () => fleet.door(),
    abilities: async (host, signal) => await fleet.abilities(host, signal),
    emit: eventEmitter(newId('req', clock.now()), clock, call.onEvent),
  });
  const hostNames = (selector: string): readonly string[] => fleet.select(selector).map(host => host.name);

  const api: DeckhandApi = {
    async exec(request: ExecRequest, call: CallOptions): Promise<ExecReport> {
      if (request.command.trim() === '')
        throw new DeckhandError('input.invalid', 'command: it is empty.', { details: { field: 'command' } });
      const emit = eventEmitter(newId('req', clock.now()), clock, call.onEvent);
      const outcomes = await inParallel(hostNames(request.hosts), values.concurrency, async host => {
        const begun = clock.monotonic();
        const outcome = await executeOnHost(
          fleet.door(),
          {
            host,
            script: request.command,
            privilege: request.root ? 'root' : 'user',
            timeout: request.timeout ?? values['timeouts.command'],
            idleTimeout: request.idleTimeout ?? values['timeouts.idle'],
            outputLimit: request.outputLimit ?? values.outputLimit,
            durable: !request.direct,
            ...(request.stdin ? { stdin: request.stdin } : {}),
          },
          call.signal,
          (stream, bytes) => emit({ kind: 'output', host, stream, bytes }),
        );
        return toExecHostResult(outcome, clock.monotonic() - begun);
      });
      return { results: outcomes };
    },

    async plan(request, call) {
      const plan = await makePlan(request);
      orderSteps(plan);
      return await previewPlan(plan, hostNames(request.hosts), agentPort(call), call.signal);
    },

    async run(request, call) {
      const { approve } = call;
      const plan = await makePlan(request);
      return await runPlan(plan, hostNames(request.hosts), agentPort(call), {
        signal: call.signal,
        confirmSteps: request.confirm === 'steps',
        ...(approve
          ? {
              approve: async ({ preview, step, host }) =>
                await approve({
                  hash: preview.hash,
                  title: step ? `${step.title} on ${host}` : plan.goal,
                  preview,
                  ...(step ? { stepId: step.id } : {}),
                  ...(host === undefined ? {} : { host }),
                }),
            }
          : {}),
      });
    },

    listHosts: async selector =>
      (selector === null ? fleet.inventory.hosts : fleet.select(selector)).map(host => ({
        name: host.name,
        source: host.source,
        groups: host.groups,
        address: host.overrides.address ?? null,
      })),
    async addHost({ name, ...entry }) {
      const file = settingsFileToWrite(fleet.settings, { environment: process.env, home: homedir() });
      await addHost(fleet.inventory, file, name, {
        ...entry,
        groups: entry.groups ? [...entry.groups] : undefined,
      });
      return { file };
    },
    testHosts: async (selector, call) =>
      await inParallel(
        hostNames(selector),
        values.concurrency,
        async host => await testHost(fleet, host, call.signal),
      ),
    hostFacts: async (selector, refresh, call) =>
      await inParallel(
        hostNames(selector),
        values.concurrency,
        async host => await readFactsOf(fleet, host, refresh, call.signal),
      ),
    listRunbooks: async () => (await runbooks()).map(runbook => summariseRunbook(runbook, language)),
    async showRunbook(name) {
      const runbook = findRunbook(await runbooks(), name);
      return { summary: summariseRunbook(runbook, language), source: runbook.source };
    },
    async doctor(selector, call) {
      const local = await doctorOfThisMachine(call.signal);
      if (selector === null) return local;
      const hosts = await inParallel(
        hostNames(selector),
        values.concurrency,
        async host => await doctorOfHost(fleet, host, call.signal),
      );
      return [...local, ...hosts.flat()];
    },
    [Symbol.asyncDispose]: async () => await fleet[Symbol.asyncDispose](),
  };
  return api;
};
