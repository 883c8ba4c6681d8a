import { spawn } from 'node:child_process';
import { generateKeyPairSync, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';

export interface LoopbackServerOptions {
  /** Home and working directory of every command. */
  readonly home: string;
  /** OpenSSH public key line of the only account that may log in. */
  readonly authorizedKey: string;
  /** PEM of the server's own key. */
  readonly hostKey: string;
  readonly user: string;
}
export interface LoopbackServer extends AsyncDisposable {
  readonly port: number;
}

/**
 * A throw-away SSH server in this process, on 127.0.0.1 only: one account, one key, commands run by
 * `/bin/sh` as the calling user in a home of their own. For the demo and for tests without root; it
 * has no SFTP, no forwarding and no terminal.
 */
export async function startLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const allowed = ssh2.utils.parseKey(options.authorizedKey);
  if (allowed instanceof Error) throw allowed;
  const connections = new Set<Connection>();
  const server = new ssh2.Server({ hostKeys: [options.hostKey], ident: 'Deckhand-demo' }, connection => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    connection.on('error', () => connection.end());
    connection.on('authentication', context => {
      const key = Array.isArray(allowed) ? allowed[0] : allowed;
      const offered = context.method === 'publickey' ? context.key.data : undefined;
      const wanted = key?.getPublicSSH();
      const same = offered && wanted && offered.length === wanted.length && timingSafeEqual(offered, wanted);
      if (context.method !== 'publickey' || !same || !key || context.username !== options.user) {
        context.reject(['publickey']);
      } else if (!context.signature || !context.blob) {
        context.accept();
      } else if (key.verify(context.blob, context.signature, context.hashAlgo) === true) {
        context.accept();
      } else {
        context.reject(['publickey']);
      }
    });
    connection.on('session', accept => {
      accept().on('exec', (acceptExec, _reject, { command }) => runCommand(acceptExec(), command, options));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const connection of connections) connection.end();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}

function runCommand(channel: ServerChannel, command: string, { home, user }: LoopbackServerOptions): void {
  const environment = {
    HOME: home,
    USER: user,
    LOGNAME: user,
    SHELL: '/bin/sh',
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  };
  const child = spawn('/bin/sh', ['-c', command], { cwd: home, env: environment, detached: true });
  channel.pipe(child.stdin);
  child.stdin.on('error', () => undefined);
  child.stdout.pipe(channel, { end: false });
  child.stderr.pipe(channel.stderr, { end: false });
  child.on('error', () => {
    channel.exit(127);
    channel.end();
  });
  child.on('close', (code, signal) => {
    if (signal) channel.exit(signal.replace(/^SIG/, ''));
    else channel.exit(code ?? 255);
    channel.end();
  });
}

/** A fresh RSA key as PEM, for hosts that live for one run. */
export function createHostKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'pkcs1', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  }).privateKey;
}

/** A fresh ed25519 login key in OpenSSH's own format. */
export function createLoginKey(comment: string): { readonly privateKey: string; readonly publicKey: string } {
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return { privateKey: pair.private, publicKey: pair.public };
}

/** The `known_hosts` line of a private host key. */
export function knownHostsLine(address: string, port: number, hostKey: string): string {
  const parsed = ssh2.utils.parseKey(hostKey);
  if (parsed instanceof Error) throw parsed;
  return `[${address}]:${port} ${parsed.type} ${parsed.getPublicSSH().toString('base64')}\n`;
}
