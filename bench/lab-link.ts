import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectOptions, SshConnection } from '../src/ssh/connection.ts';
import { resolveHost } from '../src/ssh/resolve-host.ts';
import { ssh2Engine } from '../src/ssh/ssh2-engine.ts';
import { bootHost, labSshConfig, type LabHost } from '../test/lab/lab.ts';

/** Lab numbers of the benches; no test uses them. */
export const BENCH_HOSTS = [61, 62, 63, 64, 65];
export const MANY_BENCH_HOSTS = Array.from({ length: 20 }, (_, index) => 181 + index);

export interface Outcome {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. Never throws: the bench judges the code. */
export function runProgram(
  file: string,
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  folder = process.cwd(),
): Promise<Outcome> {
  return new Promise(resolve => {
    execFile(
      file,
      [...words],
      { env: { ...process.env, ...environment }, cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: error ? (error.code ?? 'killed') : 0, stdout, stderr }),
    );
  });
}

/** Lab hosts, an ssh configuration that reaches them, and a folder of this bench. */
export interface LabLink extends AsyncDisposable {
  readonly hosts: readonly LabHost[];
  readonly configFile: string;
  readonly folder: string;
  /** A new connection; the configuration is read, as `ssh` would. */
  connect(name: string): Promise<SshConnection>;
  /** The words of `ssh` to a host, with further options. */
  sshWords(name: string, ...further: readonly string[]): readonly string[];
  /** Opens a ControlMaster that `sshWords` with its options then goes over. */
  openMaster(name: string): Promise<readonly string[]>;
}

const accept: Omit<ConnectOptions, 'signal'> = { hostKeys: { acceptUnknown: () => Promise.resolve(false) } };

/** Boots the hosts from a pristine disk. */
export async function openLab(numbers: readonly number[]): Promise<LabLink> {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-bench-'));
  const hosts: LabHost[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.toReversed()) await closer();
    for (const host of hosts) await host.down();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    for (const number of numbers) hosts.push(await bootHost(number));
    const configFile = await labSshConfig(hosts, folder);
    const sshWords = (name: string, ...further: readonly string[]): readonly string[] => [
      '-F',
      configFile,
      '-o',
      'BatchMode=yes',
      ...further,
      name,
    ];
    return {
      hosts,
      configFile,
      folder,
      sshWords,
      connect: async name => {
        const { signal } = new AbortController();
        return await ssh2Engine.connect(await resolveHost(name, { signal, configFile }), {
          ...accept,
          signal,
        });
      },
      openMaster: async name => {
        const control = ['-o', `ControlPath=${join(folder, 'master-%n')}`];
        // -f goes to the background with its output still open: a pipe would never end
        const master = spawn('ssh', [...sshWords(name, '-M', '-N', '-f', ...control)], { stdio: 'ignore' });
        const [code] = (await once(master, 'exit')) as [number | null];
        expectCode(code, 0, 'ssh -M');
        closers.push(() => runProgram('ssh', sshWords(name, ...control, '-O', 'exit')));
        return control;
      },
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Fails the bench when timed work was not done as asked. */
export function expectCode(code: number | string | null, wanted: number | string, what: string): void {
  if (code !== wanted)
    throw new Error(`${what} ended with ${code}, not ${wanted}: the figures would mean nothing.`);
}
