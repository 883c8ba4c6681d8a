import { join } from 'node:path';
import type { Surroundings } from '../../src/core/task.ts';
import { bootHost, type LabHost, type LabOptions, labSshConfig } from '../lab/lab.ts';

/** Hosts of one fault and how they are reached. */
export interface LabFleet extends AsyncDisposable {
  readonly hosts: readonly LabHost[];
  readonly surroundings: Surroundings;
}

/** Boots hosts of these numbers; each fault has numbers of its own. */
export async function labFleet(
  numbers: readonly number[],
  folder: string,
  options: LabOptions = {},
): Promise<LabFleet> {
  const hosts = await Promise.all(numbers.map(async number => await bootHost(number, options)));
  const sshConfigFile = await labSshConfig(hosts, join(folder, 'ssh'));
  return {
    hosts,
    surroundings: { folder, sshConfigFile, overrides: {} },
    [Symbol.asyncDispose]: async () => void (await Promise.all(hosts.map(async host => await host.down()))),
  };
}

/** Hosts of several kinds as one fleet. */
export async function joinFleets(folder: string, fleets: readonly LabFleet[]): Promise<LabFleet> {
  const hosts = fleets.flatMap(fleet => fleet.hosts);
  const sshConfigFile = await labSshConfig(hosts, join(folder, 'ssh-of-all'));
  return {
    hosts,
    surroundings: { folder, sshConfigFile, overrides: {} },
    [Symbol.asyncDispose]: async () =>
      void (await Promise.all(fleets.map(async fleet => await fleet[Symbol.asyncDispose]()))),
  };
}

/** What a command prints on a host, by the system's own ssh. Throws when it fails, or takes `limit` milliseconds, far more than any needs. */
export async function onHost(host: LabHost, command: string, limit = 300_000): Promise<string> {
  const { code, stdout, stderr } = await host.run(command, { timeoutMs: limit });
  if (code !== 0) throw new Error(`${host.name}: '${command}' ended with ${code}: ${stderr}`);
  return stdout;
}

/** Processes on the host that belong to a task, by the marker that every command of one carries: whose, how old, and what it is. */
export async function processesOf(host: LabHost, task: string): Promise<readonly string[]> {
  const look = [
    // the marker comes by stdin, or the search would find itself
    'read -r marker; for file in /proc/[0-9]*/environ',
    'do of=$(tr "\\000" "\\n" <"$file" 2>/dev/null | grep "^DECKHAND_RUN=$marker") || continue',
    'pid=${file%/environ}; pid=${pid#/proc/}; echo "$of $(ps -o pid=,ppid=,etimes=,args= -p "$pid" | tr "\\n" " ")"',
    'done; true',
  ];
  const { stdout } = await host.run(look.join('; '), { input: `${task}\n` });
  return stdout.trim() === '' ? [] : stdout.trim().split('\n');
}

/** Files of a run that may stand beside its record: half-made uploads and inputs. */
export async function leftoversOn(host: LabHost): Promise<readonly string[]> {
  const { stdout } = await host.run(
    'find /root/.local/state/deckhand -name stdin -o -name "*.part" -o -name "*.tmp" -o -name probe 2>/dev/null; true',
  );
  return stdout.trim() === '' ? [] : stdout.trim().split('\n');
}
