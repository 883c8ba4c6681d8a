import type { Duplex } from 'node:stream';
import type { OutputStream } from '../core/command-run.ts';
import type { DeckhandError } from '../core/deckhand-error.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { ResolvedHost, ResolveHost } from './resolved-host.ts';

/** One authenticated, host-key-verified connection. Every engine gives exactly this. */
export interface SshConnection extends AsyncDisposable {
  readonly host: ResolvedHost;
  readonly engine: string;
  readonly hostKey: HostKeyIdentity;
  /** What the server said of itself, sanitised: `SSH-2.0-OpenSSH_10.0p2 Debian-7`. */
  readonly serverVersion: string;
  /** Settles when the connection ended: undefined after `close()`, else why (`ssh.connection-lost`, `ssh.peer-silent`). */
  readonly closed: Promise<DeckhandError | undefined>;
  /** Runs a command and collects its output. Waits for a free session within MaxSessions. */
  execute(command: string, options: ExecuteOptions): Promise<ExecuteResult>;
  /**
   * Runs a command whose input or output is an open file of this machine, without its bytes coming through this
   * process. Only of connections that were made for it (`forFiles`), by engines that can. Errors as of `execute`.
   * When it is done nobody holds the files but the caller; when it failed, the connection may until it is closed.
   */
  readonly executeOnFiles?: (command: string, options: FileExecuteOptions) => Promise<FileExecuteResult>;
  /**
   * A two-way stream of bytes to a subsystem of the server (`sftp`), with flow control both ways; it
   * counts as a session until it is closed. `destroy()` closes it; when the connection ends, it is
   * destroyed with the reason. Error `host.unsupported`: the server has no such subsystem. The signal
   * is for the opening only.
   */
  openSubsystem(name: string, options: { readonly signal: AbortSignal }): Promise<Duplex>;
  /**
   * A terminal of its own on the host, with the login shell on it or a command; it counts as a session until it is
   * closed. The signal is for the opening only. Errors `host.unsupported` (PermitTTY), `ssh.no-shell`.
   */
  openTerminal(options: TerminalOptions): Promise<HostTerminal>;
  /**
   * A connection from the host to what it can reach, as a stream like that of a subsystem; each side may end on
   * its own. It is no session: MaxSessions does not count it. Errors `tunnel.forward-denied` (sockets: not told
   * apart from a missing one), `tunnel.target-refused`. The signal is for the opening only.
   */
  openForward(target: Endpoint, options: { readonly signal: AbortSignal }): Promise<Duplex>;
  /**
   * Lets the host listen, until it is closed or the connection ends; port 0 = any free one. Every connection made there
   * is given to `onConnection`, which must take it in the same turn. Errors `tunnel.listen-refused` (also where
   * forwarding is denied: servers do not say), `tunnel.port-busy` when this connection listens there already.
   */
  listenOnHost(
    endpoint: Endpoint,
    onConnection: (stream: Duplex) => void,
    options: { readonly signal: AbortSignal },
  ): Promise<HostListener>;
  close(): Promise<void>;
}

/** Characters across and lines down. */
export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalOptions extends TerminalSize {
  readonly signal: AbortSignal;
  /** What the programs there take it for: `xterm-256color`. */
  readonly term: string;
  /** Absent: the account's login shell. */
  readonly command?: string;
}

/** How what ran on a terminal ended; both null: the channel was closed without a word. */
export interface TerminalEnd {
  readonly exitCode: number | null;
  /** Without `SIG`. */
  readonly signal: string | null;
  /** Why the connection ended, when that was it. */
  readonly reason: DeckhandError | null;
}

/** A terminal on a host. */
export interface HostTerminal {
  /**
   * Bytes both ways, with flow control; what is not read stops what runs there. `destroy()` hangs up. It is destroyed
   * with the reason when the connection ends, so somebody must listen to `error`.
   */
  readonly stream: Duplex;
  /** Settles after the stream has closed; never rejects. */
  readonly ended: Promise<TerminalEnd>;
  resize(size: TerminalSize): void;
  /** Asks the server to signal what runs: `INT`, `HUP`. Not every server does. */
  signal(name: string): void;
}

/** A port or socket on which the host listens for us. */
export interface HostListener extends AsyncDisposable {
  /** With the port that the host chose. */
  readonly endpoint: Endpoint;
  /** The host listens no more; connections that were made go on. */
  close(): Promise<void>;
}

export interface HostKeyIdentity {
  /** As known_hosts writes it: `ssh-ed25519`, `ecdsa-sha2-nistp256`, `ssh-rsa` … */
  readonly type: string;
  /** `SHA256:…` as OpenSSH prints it. */
  readonly fingerprint: string;
}

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  /**
   * Sent whole, then end of file (control-D on a terminal). Absent: end of file at once. Of an iterable each
   * piece is asked for when the one before has room on its way; it is left when the command ends, and what it
   * throws ends the command and is what `execute` throws. Not with a terminal.
   */
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Called with each piece as it arrives; back-pressure is the caller's returned promise. */
  readonly onOutput?: (stream: OutputStream, bytes: Uint8Array) => void | Promise<void>;
  /** Most bytes collected of each stream; what is beyond is counted, not kept. Default 1 MiB. */
  readonly collectLimit?: number;
  /** Milliseconds for the whole command; 0 or absent = none. Error `command.timeout`. */
  readonly timeout?: number;
  /** Milliseconds without any output; 0 or absent = none. Error `command.idle-timeout`. */
  readonly idleTimeout?: number;
  /** An abort or a time limit only closes the channel; the command is not signalled and may go on. */
  readonly leaveRunning?: boolean;
  /**
   * What ends it early throws only when the server says that it is over, or after three seconds: what is done on the
   * host next then comes after it.
   */
  readonly untilOver?: boolean;
  /**
   * Much output comes, perhaps from far away: more of it may be on its way, or wait for its reader, than of other
   * commands (8 MiB). For an engine that has one size for all it changes nothing.
   */
  readonly muchOutput?: boolean;
  readonly pty?: { readonly columns: number; readonly rows: number; readonly term: string };
}

export interface ExecuteResult {
  readonly exitCode: number | null;
  /** Without `SIG`: `TERM`, `KILL`; null when the command exited by itself. */
  readonly signal: string | null;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly truncated: boolean;
  /** Milliseconds from request to the end of the channel. */
  readonly duration: number;
}

export interface FileExecuteOptions {
  readonly signal: AbortSignal;
  /** Descriptor of a file, read from where it stands. Absent: end of file at once. */
  readonly stdin?: number;
  /** Descriptor of a file, written from where it stands. Absent: the answer has the first 64 KiB. */
  readonly stdout?: number;
}

export interface FileExecuteResult {
  /** 255 may as well be that of the system's client; null: that was killed. */
  readonly exitCode: number | null;
  readonly stdout: Uint8Array;
  /** The first 64 KiB. */
  readonly stderr: Uint8Array;
}

/** How to open connections; `ssh2` is the first, the system's client the second. */
export interface SshEngine {
  readonly name: string;
  connect(host: ResolvedHost, options: ConnectOptions): Promise<SshConnection>;
}

export interface ConnectOptions {
  readonly signal: AbortSignal;
  /** Milliseconds until authenticated. Default 15 000 (or ConnectTimeout of the configuration). */
  readonly connectTimeout?: number;
  /** Milliseconds between keep-alives; three without answer = `ssh.peer-silent`. Default 5 000. */
  readonly keepAliveInterval?: number;
  readonly credentials?: CredentialPrompts;
  readonly hostKeys: HostKeyPolicy;
  /** Resolves the names of the jump chain; absent: as the person's own configuration says. */
  readonly resolve?: ResolveHost;
  /** It is to carry large files: the ciphers that this machine is quickest with come first, and `executeOnFiles` works. */
  readonly forFiles?: boolean;
  /**
   * It is to carry many connections or much of them (a tunnel): where the system's client can be had, that is taken
   * unless the host's entry wants another, with the ciphers that this machine is quickest with first.
   */
  readonly forForwards?: boolean;
  /** Called as the connection to the host itself (not to its jump hosts) gets on. */
  readonly onStage?: (stage: ConnectStage) => void;
}

/** `reachable`: an SSH server answers; `host-key`: its key is trusted; `authenticated`: logged in. */
export type ConnectStage = 'reachable' | 'host-key' | 'authenticated';

/** Asked only when needed. A null answer means: nobody can answer. */
export interface CredentialPrompts {
  readonly password?: (host: string, user: string) => Promise<string | null>;
  readonly passphrase?: (keyFile: string) => Promise<string | null>;
  readonly keyboardInteractive?: (
    host: string,
    prompts: readonly string[],
  ) => Promise<readonly string[] | null>;
}

export interface HostKeyPolicy {
  /**
   * Asked about a key that no known_hosts file has. True: it is accepted, and appended to the first
   * user file. Never asked about a changed or revoked key.
   */
  readonly acceptUnknown: (host: string, key: HostKeyIdentity) => Promise<boolean>;
}
