import { homedir } from 'node:os';
import type { DoctorFinding } from '../api/contract.ts';
import { systemClock } from '../core/clock.ts';
import type { ConnectResult } from '../core/task-params.ts';
import type { DoctorFinding as Finding } from '../fleet/doctor.ts';
import { examineHost } from '../fleet/doctor-host.ts';
import { examineLocal } from '../fleet/doctor-local.ts';
import { deckhandPaths } from '../settings/paths.ts';
import { chooseEngine } from '../ssh/choose-engine.ts';
import { type ConnectionTest, type StepResult, testConnection } from '../ssh/test-connection.ts';
import type { TaskPrompts } from '../tasks/host-access.ts';
import type { FleetAccess } from './fleet-access.ts';

/** Q10: each stage of a connection by itself, on a connection of its own. */
export async function testHost(
  fleet: FleetAccess,
  prompts: TaskPrompts,
  host: string,
  signal: AbortSignal,
): Promise<ConnectResult> {
  const options = { ...fleet.connectOptions(prompts), signal };
  const test = await testConnection(host, { engine: fleet.engine, resolve: fleet.resolve, options });
  const failed = Object.values(test.steps).find(step => step.status === 'failed');
  return {
    ok: test.passed,
    stages: STAGES.map(([key, name]) => toStage(name, test.steps[key], stageText(name, test))),
    ...(failed ? { error: failed.error } : {}),
  };
}

const STAGES = [
  ['reachable', 'reachable'],
  ['host-key', 'host key'],
  ['authenticated', 'authentication'],
  ['shell', 'shell'],
] as const;
type Stage = ConnectResult['stages'][number];

function toStage(name: Stage['name'], step: StepResult, passedText: string): Stage {
  if (step.status === 'passed') return { name, ok: true, latency: step.latency, text: passedText };
  const text = step.status === 'failed' ? step.error.message : 'not tried';
  return { name, ok: false, latency: null, text };
}

function stageText(name: Stage['name'], test: ConnectionTest): string {
  if (name === 'reachable') return test.serverVersion ?? '';
  if (name === 'host key') return `${test.hostKey?.type ?? ''} ${test.hostKey?.fingerprint ?? ''}`;
  if (name === 'authentication') {
    const reason = test.host === null ? null : chooseEngine(test.host).reason;
    return `as ${test.host?.user ?? ''}${reason === null ? '' : `, by the system's ssh: ${reason}`}`;
  }
  return test.noisy ? 'answers; its start-up files print something' : 'answers';
}

/** What keeps this machine from being a good place to work from. */
export async function doctorOfThisMachine(signal: AbortSignal): Promise<readonly DoctorFinding[]> {
  const home = homedir();
  const { state } = deckhandPaths(process.env, home);
  const findings = await examineLocal({ home, state, nodeVersion: process.versions.node }, signal);
  return findings.map(finding => toContract('this machine', finding));
}

/** What keeps one host from being worked on. */
export async function doctorOfHost(
  fleet: FleetAccess,
  prompts: TaskPrompts,
  host: string,
  signal: AbortSignal,
): Promise<readonly DoctorFinding[]> {
  const connect = async (inner: AbortSignal) =>
    await fleet.engine.connect(await fleet.resolve(host, inner), {
      ...fleet.connectOptions(prompts),
      signal: inner,
    });
  const findings = await examineHost(connect, signal, systemClock);
  return findings.map(finding => toContract(host, finding));
}

function toContract(subject: string, { id, status, message, fix }: Finding): DoctorFinding {
  return { subject, id, status, message, fix: fix === '' ? null : fix };
}
