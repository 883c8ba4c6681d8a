import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ConnectOptions, SshConnection } from '../src/ssh/connection.ts';
import { resolveHost } from '../src/ssh/resolve-host.ts';
import { ssh2Engine } from '../src/ssh/ssh2-engine.ts';
import { bootHost, lab, labSshConfig, type LabHost } from '../test/lab/lab.ts';
import { alsoWhenCut, cut } from './on-cut.ts';

/** Lab numbers of the benches; no test uses them. */
export const BENCH_HOSTS = [61, 62, 63, 64, 65];
/** Hosts that boot side by side. */
const BOOTS_AT_ONCE = 4;
/** Milliseconds given to hosts that are booting when they are to go down. */
const BOOT_LIMIT = 60_000;
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
      { env: { ...process.env, ...environment }, cwd: folder, maxBuffer: 64 * 1024 * 1024, ...endedByCut() },
      (error, stdout, stderr) => resolve({ code: error ? (error.code ?? 'killed') : 0, stdout, stderr }),
    );
  });
}

/** What is run to take things down is not cut itself. */
function endedByCut(): { readonly signal?: AbortSignal } {
  return cut.aborted ? {} : { signal: cut };
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

/** Boots the hosts from a pristine disk. They go down with the link, and with a run that is cut. */
export async function openLab(numbers: readonly number[]): Promise<LabLink> {
  const folder = await mkdtemp(join(tmpdir(), 'deckhand-bench-'));
  const booting: Promise<LabHost>[] = [];
  const closers: (() => Promise<unknown>)[] = [];
  const close = alsoWhenCut(async () => {
    for (const closer of closers.toReversed()) await closer();
    await Promise.all(booting.map(async (host, index) => await takenDown(host, numbers[index])));
    await rm(folder, { recursive: true, force: true });
  });
  try {
    const hosts: LabHost[] = [];
    while (hosts.length < numbers.length) {
      cut.throwIfAborted();
      for (const number of numbers.slice(hosts.length, hosts.length + BOOTS_AT_ONCE))
        booting.push(bootHost(number));
      hosts.push(...(await Promise.all(booting.slice(hosts.length))));
    }
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

/** Also one whose boot was broken off; one that still waits for its number is somebody else's. */
async function takenDown(booting: Promise<LabHost>, number: number | undefined): Promise<void> {
  try {
    await (await Promise.race([booting, pause(BOOT_LIMIT, null, { ref: false })]))?.down();
  } catch {
    await lab(['down', String(number)]);
  }
}

/** Fails the bench when timed work was not done as asked. */
export function expectCode(code: number | string | null, wanted: number | string, what: string): void {
  if (code !== wanted)
    throw new Error(`${what} ended with ${code}, not ${wanted}: the figures would mean nothing.`);
}
