/** Everything needed to reach one host, as OpenSSH itself would read its configuration. */
export interface ResolvedHost {
  /** The name the person used. */
  readonly name: string;
  /** Address or DNS name to dial. */
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Absolute paths, in the order they are tried; files that do not exist are left out. */
  readonly identityFiles: readonly string[];
  readonly identitiesOnly: boolean;
  /** Path of the agent's socket, or null. */
  readonly agent: string | null;
  /** Name to look up in known_hosts instead of the address. */
  readonly hostKeyAlias: string | null;
  readonly userKnownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly strictHostKeyChecking: 'yes' | 'ask' | 'accept-new' | 'no';
  /** Names of the jump chain, first hop first; each is resolved by itself. */
  readonly proxyJump: readonly string[];
  /** Set when the configuration needs what the `ssh2` engine cannot do: the option's name, or the kind of key. */
  readonly unsupported: string | null;
  /** The engine the host's entry asks for; absent: whichever can serve it. */
  readonly engine?: 'ssh2' | 'openssh' | 'auto';
  /** What `ssh -F` is to be given, so that the client reads the same configuration; absent: its own files. */
  readonly configFile?: string;
  /** Those that the configuration allows, in its order; absent: nothing is known of them. */
  readonly ciphers?: readonly string[];
  /** Milliseconds, or null where the configuration says nothing. */
  readonly connectTimeout: number | null;
}

/** A name or `user@address:port` to everything needed to reach it. Throws `input.invalid`, `settings.invalid`. */
export type ResolveHost = (name: string, signal: AbortSignal) => Promise<ResolvedHost>;
