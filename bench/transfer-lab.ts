import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SshConnection } from '../src/ssh/connection.ts';
import { KeptConnections, type LentConnection } from '../src/ssh/kept-connections.ts';
import { systemClock } from '../src/core/clock.ts';
import { resolveHost } from '../src/ssh/resolve-host.ts';
import { opensshEngine } from '../src/ssh/openssh/openssh-engine.ts';
import { ssh2Engine } from '../src/ssh/ssh2-engine.ts';
import { transfer, type TransferRequest } from '../src/transfer/transfer.ts';
import { expectCode, runProgram } from './lab-link.ts';
import { alsoWhenCut } from './on-cut.ts';
import { ownFolder } from './own-folder.ts';
import { plainTransfer } from '../test/fakes/plain-transfer.ts';
import { bootedHost, MEMORY_HERE, plainHost, type TransferHost } from './transfer-host.ts';

export type Request = Pick<TransferRequest, 'local' | 'remote' | 'direction'> & Partial<TransferRequest>;

/** A host for moving files to and from memory, with ours and the system's client connected. */
export interface TransferLab extends AsyncDisposable {
  readonly name: string;
  readonly configFile: string;
  /** In this machine's memory. */
  readonly folder: string;
  /** In the host's. */
  readonly farFolder: string;
  /** Options of the system's client that take its open master. */
  readonly control: readonly string[];
  readonly masterPid: number;
  /** For clients with a configuration of their own. */
  readonly far: {
    readonly address: string;
    readonly port: number;
    readonly user: string;
    readonly keyFile: string;
  };
  connect(): Promise<SshConnection>;
  /** Ours, as a task calls it; throws unless all was done. Without a connection: over the one that is open. */
  ours(request: Request, connection?: SshConnection): Promise<void>;
  /** Runs a script on the host, not through ours; throws when it fails. */
  readonly there: (script: string) => Promise<string>;
  readonly here: (script: string) => Promise<string>;
}

export interface TransferLabOptions {
  /** To a plain sshd of this machine instead of a booted one. */
  readonly isPlain: boolean;
  /** Milliseconds that the way there and back takes; default 0. */
  readonly roundTrip?: number;
}

export async function openTransferLab({ isPlain, roundTrip = 0 }: TransferLabOptions): Promise<TransferLab> {
  const closers: (() => PromiseLike<unknown>)[] = [];
  const close = alsoWhenCut(async () => {
    for (const closer of closers.splice(0).toReversed()) await closer();
  });
  try {
    const host = isPlain ? await plainHost() : await bootedHost();
    closers.push(() => host[Symbol.asyncDispose]());
    const own = await ownFolder('bench', MEMORY_HERE);
    closers.push(() => own[Symbol.asyncDispose]());
    const folder = own.path;
    const { name, address, farFolder } = host;
    let { configFile, port } = host;
    if (roundTrip > 0) {
      const far = await startDelay(host, roundTrip / 2);
      closers.push(() => far.end());
      const farConfig = (await readFile(configFile, 'utf8'))
        .replace(/HostName .*/, `HostName 127.0.0.1\n  HostKeyAlias ${host.knownAs}`)
        .replace(/Port .*/, `Port ${far.port}`);
      configFile = join(host.folder, 'far_config');
      port = far.port;
      await writeFile(configFile, farConfig, { mode: 0o600 });
    }
    const control = ['-o', `ControlPath=${join(host.folder, 'far-master')}`];
    const master = spawn(
      'ssh',
      ['-F', configFile, '-o', 'BatchMode=yes', '-o', 'ControlMaster=yes', ...control, '-N', name],
      { stdio: 'ignore' },
    );
    closers.push(() => ended(master));
    await masterIsOpen(configFile, control, name);
    const { signal } = new AbortController();
    const connect = async (): Promise<SshConnection> =>
      await ssh2Engine.connect(await resolveHost(name, { signal, configFile }), {
        signal,
        hostKeys: { acceptUnknown: () => Promise.resolve(false) },
      });
    const open = await connect();
    closers.push(() => open[Symbol.asyncDispose]());
    // as the daemon does
    const kept = new KeptConnections({ clock: systemClock, keepFor: 60_000 });
    closers.push(() => kept[Symbol.asyncDispose]());
    const bulkConnection = async (): Promise<LentConnection> => {
      const resolved = await resolveHost(name, { signal, configFile });
      return await kept.take(
        JSON.stringify(resolved),
        async () =>
          await opensshEngine.connect(resolved, {
            signal,
            forFiles: true,
            hostKeys: { acceptUnknown: () => Promise.resolve(false) },
          }),
      );
    };
    const there = async (script: string): Promise<string> =>
      await output('ssh', ['-F', configFile, ...control, name, script]);
    await there(host.prepare);
    return {
      name,
      configFile,
      folder,
      farFolder,
      control,
      masterPid: master.pid ?? 0,
      far: {
        address: roundTrip > 0 ? '127.0.0.1' : address,
        port,
        user: host.user,
        keyFile: host.keyFile,
      },
      connect,
      ours: async (request, connection = open) =>
        await transferAll({ baseFolder: join(folder, 'state'), bulkConnection, ...request }, connection),
      there,
      here: async script => await output('sh', ['-c', script]),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function transferAll(
  request: Request & Pick<TransferRequest, 'baseFolder' | 'bulkConnection'>,
  connection: SshConnection,
): Promise<void> {
  const { error, result } = await transfer({
    ...plainTransfer(),
    id: 'bench',
    ...request,
    connection,
  });
  if (error) throw error;
  if (result.verified !== result.files)
    throw new Error(`${result.files - result.verified} files were not verified.`);
}

async function startDelay(
  { address, port }: Pick<TransferHost, 'address' | 'port'>,
  wait: number,
): Promise<{ readonly port: number; end: () => Promise<void> }> {
  const words = [join(import.meta.dirname, 'delay-proxy.ts'), address, String(port), String(wait)];
  const proxy = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(proxy.stdout, 'data')) as [Buffer];
  return {
    port: Number(line.toString()),
    end: async () => {
      const over = once(proxy, 'exit');
      proxy.stdin.end();
      await over;
    },
  };
}

async function masterIsOpen(configFile: string, control: readonly string[], name: string): Promise<void> {
  for (let left = 200; left > 0; left -= 1) {
    const { code } = await runProgram('ssh', ['-F', configFile, ...control, '-O', 'check', name]);
    if (code === 0) return;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
  throw new Error('ssh opened no master.');
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const over = once(child, 'exit');
  child.kill();
  await over;
}

async function output(file: string, words: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProgram(file, words);
  expectCode(code, 0, `${file}: ${stderr.trim()}`);
  return stdout;
}

/** Prints one hash over names, sizes, contents, and (with `attributes`) modes and times of all files below a folder. */
export function manifestScript(folder: string, attributes: boolean): string {
  const lines = attributes
    ? `find . -type f -printf '%P %s %m %T@\\n' -o -type d -printf '%P %m\\n' | LC_ALL=C sort;`
    : '';
  return `cd ${folder} && { ${lines} find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum; } | sha256sum`;
}
