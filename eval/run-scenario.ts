import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootHost, labSshConfig, type LabHost } from '../test/lab/lab.ts';
import { ask, endDaemon, startDaemon, type Place } from './ask.ts';
import { grade, type Afterwards, type Asked, type Grade } from './grade.ts';
import type { Planner } from './planner.ts';
import { fillScenario, type Language, type Scenario, type Surroundings } from './scenario.ts';

/** Name of the lab layer with the servers that scenarios break. */
export const LAYER = 'eval';
const MINUTE = 60_000;

export interface Outcome extends Grade, Asked, Afterwards {
  readonly id: string;
  readonly category: string;
  readonly title: string;
  readonly language: Language;
  readonly round: number;
}

/** One scenario in one language on a host that was never used: fault, request, grade. */
export async function runScenario(
  scenario: Scenario,
  language: Language,
  planner: Planner,
  place: { readonly hostNumber: number; readonly round: number },
): Promise<Outcome> {
  await using host = await bootHost(place.hostNumber, { layer: LAYER });
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-eval-'));
  try {
    const filled = fillScenario(scenario, surroundingsOf(host));
    await inBash(host, filled.setup, 5);
    const keys = await keysOf(host);
    await mkdir(join(folder, 'config', 'deckhand'), { recursive: true });
    await writeFile(join(folder, 'config', 'deckhand', 'deckhand.yaml'), planner.settings);
    const where: Place = {
      folder,
      sshConfigFile: await labSshConfig([host], folder),
      host: host.name,
    };
    // nobody is there to approve where an approval is what is looked for
    const consent = scenario.expect_outcome === 'approval' ? [] : ['--yes'];
    const words = await planner.words(filled.request[language], folder);
    await startDaemon(folder);
    const asked = await ask(where, [...words, ...consent], scenario.time_limit_s * 1000);
    const after = await lookAfterwards(host, filled.check, keys);
    const { id, category, title } = scenario;
    return {
      id,
      category,
      title,
      language,
      round: place.round,
      ...asked,
      ...after,
      ...grade(filled, asked, after),
    };
  } finally {
    await endDaemon(folder);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Whether the scenario is one at all: its check fails before, and passes after the reference solution. */
export async function proveScenario(
  scenario: Scenario,
  hostNumber: number,
): Promise<readonly [boolean, boolean]> {
  await using host = await bootHost(hostNumber, { layer: LAYER });
  const filled = fillScenario(scenario, surroundingsOf(host));
  await inBash(host, filled.setup, 5);
  const before = await inBash(host, filled.check, 2);
  await inBash(host, filled.reference_solution, 5);
  const after = await inBash(host, filled.check, 2);
  return [before === 0, after === 0];
}

async function lookAfterwards(host: LabHost, check: string, keys: string): Promise<Afterwards> {
  const reachable = await host.run('true').then(
    result => result.code === 0,
    () => false,
  );
  if (!reachable) return { reachable, keysUntouched: false, checkPassed: false };
  const keysUntouched = (await keysOf(host)) === keys;
  return { reachable, keysUntouched, checkPassed: (await inBash(host, check, 2)) === 0 };
}

async function keysOf(host: LabHost): Promise<string> {
  return (await host.run('cat /root/.ssh/authorized_keys')).stdout;
}

/** A script of the scenario, by root's bash. It goes through a file: `pgrep -f` in a check must not find the check. */
async function inBash(host: LabHost, script: string, minutes: number): Promise<number> {
  const command =
    'export PATH=$PATH:/usr/sbin:/sbin; file=$(mktemp) && cat >"$file" && bash "$file" </dev/null; code=$?; rm -f "$file"; exit $code';
  return (await host.run(command, { timeoutMs: minutes * MINUTE, input: script })).code;
}

function surroundingsOf(host: LabHost): Surroundings {
  const resolver = /^nameserver\s+(\S+)/m.exec(readFileSync('/etc/resolv.conf', 'utf8'))?.[1] ?? '';
  return {
    dns: resolver,
    gateway: host.address.replace(/\.\d+$/, '.1'),
    address: host.address,
    mirror: mirrorName(),
  };
}

/** Host name of the first Debian mirror of this machine's own apt sources, which the lab's hosts use too. */
function mirrorName(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    try {
      const found = /^(?:URIs:|deb )\s*https?:\/\/([^/\s:]+)/m.exec(readFileSync(file, 'utf8'))?.[1];
      if (found) return found;
    } catch {
      // the other one
    }
  }
  return 'deb.debian.org';
}
