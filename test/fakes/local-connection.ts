import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { OutputStream } from '../../src/core/command-run.ts';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import type { ExecuteOptions, ExecuteResult, SshConnection } from '../../src/ssh/connection.ts';
import type { ResolvedHost } from '../../src/ssh/resolved-host.ts';
import { localForwards, lostError } from './local-forwards.ts';
import { localTerminals } from './local-terminals.ts';

export interface LocalOptions {
  /** HOME of the pretended account. */
  readonly home: string;
  /** A directory first in PATH: which `sh` (and tools) the pretended host has. */
  readonly shellDirectory: string;
  readonly user?: string;
  /** What a noisy login shell prints first. */
  readonly noise?: string;
}

/** A "host" on this machine: each execute is a real `sh -c` in a session of its own, as sshd does it. */
export class LocalConnection implements SshConnection {
  readonly engine = 'local';
  readonly hostKey = { type: 'ssh-ed25519', fingerprint: 'SHA256:local' };
  readonly serverVersion = 'SSH-2.0-local';
  readonly closed: Promise<DeckhandError | undefined>;
  readonly openForward: SshConnection['openForward'];
  readonly openTerminal: SshConnection['openTerminal'];
  readonly listenOnHost: SshConnection['listenOnHost'];
  readonly host: ResolvedHost;
  /** Every command line that was sent, in order. */
  readonly commands: string[] = [];
  readonly #options: LocalOptions;
  readonly #lost = new AbortController();

  constructor(options: LocalOptions) {
    this.#options = options;
    const forwards = localForwards(this.#lost.signal);
    this.openTerminal = localTerminals(this.#lost.signal);
    this.openForward = forwards.openForward;
    this.listenOnHost = forwards.listenOnHost;
    this.closed = new Promise(resolve => {
      this.#lost.signal.addEventListener('abort', () => resolve(lostError()), { once: true });
    });
    this.host = {
      name: 'local',
      address: '127.0.0.1',
      port: 22,
      user: options.user ?? 'root',
      identityFiles: [],
      identitiesOnly: false,
      agent: null,
      hostKeyAlias: null,
      userKnownHostsFiles: [],
      globalKnownHostsFiles: [],
      strictHostKeyChecking: 'yes',
      proxyJump: [],
      unsupported: null,
      connectTimeout: null,
    };
  }

  /** As if the network died: every execute rejects, what runs on the "host" only sees closed pipes. */
  lose(): void {
    this.#lost.abort();
  }

  async execute(command: string, options: ExecuteOptions): Promise<ExecuteResult> {
    if (this.#lost.signal.aborted) throw lostError();
    this.commands.push(command);
    const began = performance.now();
    const { home, shellDirectory, noise } = this.#options;
    const login = noise === undefined ? command : `printf '%s' '${noise}'; ${command}`;
    const child = spawn(`${shellDirectory}/sh`, ['-c', login], {
      env: { HOME: home, PATH: `${shellDirectory}:/usr/bin:/bin`, SHELL: '/bin/sh' },
      cwd: home,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => undefined);
    const { stdin = new Uint8Array() } = options;
    let inputFailed: Promise<never> = new Promise(() => undefined);
    if (stdin instanceof Uint8Array) child.stdin.end(stdin);
    else
      inputFailed = pipeline(stdin, child.stdin).then(
        async () => await new Promise<never>(() => undefined),
        async (error: NodeJS.ErrnoException) => {
          if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
          return await new Promise<never>(() => undefined);
        },
      );
    inputFailed.catch(() => undefined);
    const collected = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[] };
    const counted = { stdout: 0, stderr: 0 };
    const refused = Promise.withResolvers<never>();
    refused.promise.catch(() => undefined);
    const inHand: Partial<Record<OutputStream, Promise<void>>> = {};
    for (const stream of ['stdout', 'stderr'] satisfies OutputStream[]) {
      child[stream].on('data', (bytes: Buffer) => {
        collected[stream].push(bytes);
        counted[stream] += bytes.length;
        let taken: void | Promise<void> = undefined;
        try {
          taken = options.onOutput?.(stream, bytes);
        } catch (error) {
          refused.reject(error);
          child.kill();
          for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
        }
        if (!(taken instanceof Promise)) return;
        child[stream].pause();
        inHand[stream] = taken.finally(() => child[stream].resume());
        inHand[stream].catch(() => undefined);
      });
    }
    const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    const gone = AbortSignal.any([options.signal, this.#lost.signal]);
    const cut = new Promise<never>((_, reject) => {
      const stop = (): void => {
        for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
        reject(this.#lost.signal.aborted ? lostError() : new DeckhandError('command.cancelled', 'aborted'));
      };
      if (gone.aborted) stop();
      else gone.addEventListener('abort', stop, { once: true });
    });
    cut.catch(() => undefined);
    const [exitCode, signal] = await Promise.race([refused.promise, ended, cut, inputFailed]);
    await Promise.all(Object.values(inHand));
    const limit = options.collectLimit ?? 1024 * 1024;
    return {
      exitCode,
      signal: signal === null ? null : signal.slice(3),
      stdout: new Uint8Array(Buffer.concat(collected.stdout).subarray(0, limit)),
      stderr: new Uint8Array(Buffer.concat(collected.stderr).subarray(0, limit)),
      stdoutBytes: counted.stdout,
      stderrBytes: counted.stderr,
      truncated: counted.stdout > limit || counted.stderr > limit,
      duration: performance.now() - began,
    };
  }

  /** OpenSSH's own `sftp-server` on pipes; other subsystems there are none. */
  openSubsystem(name: string): Promise<Duplex> {
    if (name !== 'sftp') {
      return Promise.reject(new DeckhandError('host.unsupported', `local has no subsystem ${name}.`));
    }
    const { home } = this.#options;
    const child = spawn('/usr/lib/openssh/sftp-server', [], { cwd: home, stdio: ['pipe', 'pipe', 'ignore'] });
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
    stream.on('error', () => undefined);
    stream.once('close', () => child.kill());
    this.#lost.signal.addEventListener('abort', () => stream.destroy(lostError()), { once: true });
    return Promise.resolve(stream);
  }

  async close(): Promise<void> {
    this.lose();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    this.lose();
  }
}
