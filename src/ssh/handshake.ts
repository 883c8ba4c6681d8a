import type { Duplex } from 'node:stream';
import type { AnyAuthMethod, Client, ConnectConfig } from 'ssh2';
import { DeckhandError } from '../core/deckhand-error.ts';
import { BannerWatch, type HandshakeStage } from './banner-watch.ts';
import type { ConnectOptions, HostKeyIdentity } from './connection.ts';
import { CredentialSequence } from './credentials.ts';
import type { Deadline } from './deadline.ts';
import { handshakeError } from './handshake-error.ts';
import { type HostKeyCheck, openHostKeyCheck } from './host-key-check.ts';
import { identifyKey } from './known-hosts.ts';
import type { ResolvedHost } from './resolved-host.ts';
import { keepKeysReady, writeTogether } from './ssh2-internals.ts';
import { newClient, Ssh2Link } from './ssh2-link.ts';

const DEFAULT_KEEP_ALIVE = 5_000;
/** Far more than would ever be counted: the link's own watch decides. */
const NEVER = 2 ** 30;
/** AES-GCM first: with AES in the CPU it moves twice what ChaCha20 moves. */
const CIPHERS: NonNullable<NonNullable<ConnectConfig['algorithms']>['cipher']> = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
];

/** Key exchange, host key check and authentication on an open stream. Throws the typed `ssh.*` error. */
export async function handshake(
  host: ResolvedHost,
  stream: Duplex,
  options: ConnectOptions,
  deadline: Deadline,
): Promise<Ssh2Link> {
  const hostKeys = {
    acceptUnknown: (name: string, key: HostKeyIdentity) =>
      deadline.hold(() => options.hostKeys.acceptUnknown(name, key)),
  };
  const check = await openHostKeyCheck(host, hostKeys);
  return new Handshake(host, stream, options, deadline, check).run();
}

class Handshake {
  readonly #host: ResolvedHost;
  readonly #stream: Duplex;
  readonly #options: ConnectOptions;
  readonly #deadline: Deadline;
  readonly #keyTypes: HostKeyCheck['keyTypes'];
  /** Let go once it was passed: a connection may live for weeks. */
  #check: HostKeyCheck | undefined;
  readonly #client: Client = newClient();
  readonly #banner = new BannerWatch();
  readonly #credentials: CredentialSequence;
  readonly #result = Promise.withResolvers<Ssh2Link>();
  #hostKey: HostKeyIdentity | undefined;
  #stage: HandshakeStage = 'greeting';
  #sawAgent = false;

  constructor(
    host: ResolvedHost,
    stream: Duplex,
    options: ConnectOptions,
    deadline: Deadline,
    check: HostKeyCheck,
  ) {
    this.#host = host;
    this.#stream = stream;
    this.#options = options;
    this.#deadline = deadline;
    this.#check = check;
    this.#keyTypes = check.keyTypes;
    this.#credentials = new CredentialSequence(host, options.credentials ?? {}, work => deadline.hold(work));
  }

  async run(): Promise<Ssh2Link> {
    const { signal } = this.#deadline;
    const stop = (): void => this.#fail(this.#stopped());
    const listen = (bytes: Uint8Array): void => this.#hear(bytes);
    this.#listen();
    try {
      writeTogether(this.#stream);
      this.#client.connect(this.#configuration());
      keepKeysReady(this.#client);
      this.#stream.on('data', listen);
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      return await this.#result.promise;
    } catch (error) {
      this.#client.destroy();
      this.#stream.destroy();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#stream.off('data', listen);
      this.#client.removeAllListeners('ready').removeAllListeners('handshake');
    }
  }

  #hear(bytes: Uint8Array): void {
    const before = this.#banner.version;
    this.#banner.feed(bytes);
    if (before === null && this.#banner.version !== null) this.#options.onStage?.('reachable');
  }

  #configuration(): ConnectConfig {
    return {
      sock: this.#stream,
      username: this.#host.user,
      readyTimeout: 0,
      keepaliveInterval: this.#options.keepAliveInterval ?? DEFAULT_KEEP_ALIVE,
      keepaliveCountMax: NEVER,
      algorithms: { cipher: CIPHERS, serverHostKey: [...this.#keyTypes] },
      hostVerifier: (key: Buffer, verify: (valid: boolean) => void): void => void this.#verify(key, verify),
      authHandler: (allowed, _partial, next): void => void this.#authenticate(allowed, next),
    };
  }

  #listen(): void {
    this.#client.on('handshake', () => {
      this.#stage = 'authentication';
    });
    this.#client.on('ready', () => this.#succeed());
    this.#client.on('error', error => this.#onError(error));
    this.#client.on('end', () => this.#stream.destroy());
    this.#client.on('close', () => this.#fail(this.#explain(null)));
  }

  #onError(error: Error): void {
    const level = 'level' in error ? error.level : undefined;
    // The library goes on to the next credential by itself after these two.
    if (level === 'agent' || level === 'client-authentication') return;
    this.#fail(this.#explain(error));
  }

  async #verify(key: Buffer, verify: (valid: boolean) => void): Promise<void> {
    try {
      const passed = this.#hostKey ?? (await this.#check?.verify(key));
      if (this.#stage !== 'authentication') this.#options.onStage?.('host-key');
      this.#hostKey = passed;
      this.#check = undefined;
      // At a rekey the same key has to come again.
      verify(passed?.fingerprint === identifyKey(key).fingerprint);
    } catch (error) {
      this.#fail(error as Error);
      verify(false);
    }
  }

  async #authenticate(
    allowed: readonly string[] | null,
    next: (method: AnyAuthMethod) => void,
  ): Promise<void> {
    try {
      // The agent's refusals do not update the library's list, so one seen before them is not trusted.
      const method = await this.#credentials.next(this.#sawAgent ? null : allowed);
      if (method === null) throw this.#credentials.failure();
      this.#sawAgent = method.type === 'agent';
      next(method);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #succeed(): void {
    if (this.#hostKey === undefined) {
      this.#fail(new DeckhandError('internal.defect', 'A connection was ready without a verified host key.'));
      return;
    }
    this.#client.removeAllListeners('error').removeAllListeners('end').removeAllListeners('close');
    const link = new Ssh2Link(this.#client, this.#stream, {
      host: this.#host,
      hostKey: this.#hostKey,
      serverVersion: this.#banner.version ?? '',
      keepAliveInterval: this.#options.keepAliveInterval ?? DEFAULT_KEEP_ALIVE,
    });
    this.#options.onStage?.('authenticated');
    this.#result.resolve(link);
  }

  #fail(error: Error): void {
    this.#result.reject(error);
  }

  #stopped(): Error {
    if (!this.#deadline.expired) return this.#deadline.signal.reason as Error;
    return handshakeError(this.#host, { kind: 'timeout', stage: this.#reached() });
  }

  #explain(error: Error | null): DeckhandError {
    if (this.#banner.isForeign) {
      return handshakeError(this.#host, { kind: 'foreign', firstLine: this.#banner.firstLine });
    }
    const stage = this.#reached();
    if (error === null) return handshakeError(this.#host, { kind: 'closed', stage });
    return handshakeError(this.#host, { kind: 'error', stage, error, credentials: this.#credentials });
  }

  #reached(): HandshakeStage {
    return this.#stage === 'greeting' && this.#banner.version !== null ? 'key-exchange' : this.#stage;
  }
}
