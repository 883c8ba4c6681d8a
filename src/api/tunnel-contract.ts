import type { ErrorRecord } from '../core/deckhand-error.ts';
import type { Forward, TunnelStatus } from '../core/tunnel.ts';
import type { CallOptions } from './contract.ts';

/**
 * `starting`: not connected yet; `down`: it lost its host and tries again; `needs-attention`: it does not try
 * again by itself; `stopped`: closed, and kept; `ended`: its task was cancelled or failed.
 */
export type TunnelState = 'starting' | 'up' | 'down' | 'needs-attention' | 'stopped' | 'ended';

/** A tunnel as surfaces see it. */
export interface TunnelView {
  readonly name: string;
  readonly host: string;
  readonly forward: Forward;
  readonly state: TunnelState;
  /** The task that is the tunnel: its events, its cancel, its pause. */
  readonly task: string;
  /** What it said last; null before it said anything. At most some seconds old while it is in use. */
  readonly status: TunnelStatus | null;
  /** Why it ended, or what it met last. */
  readonly error: ErrorRecord | null;
}

export interface AddTunnelRequest {
  readonly name: string;
  readonly host: string;
  readonly forward: Forward;
  readonly anyPort?: boolean;
  /** Milliseconds; 0 = connections fail at once while it is down. */
  readonly hold?: number;
  readonly protocol?: 'auto' | 'http' | 'tcp';
  readonly health?: { readonly interval?: number; readonly path?: string };
}

/** Tunnels, by their names. Throws `tunnel.unknown`. */
export interface TunnelApi {
  /**
   * Waits until it is connected, or known to be out of reach for now (state `down`: it goes on trying). The same
   * definition again changes nothing. Throws `tunnel.exists`, and what keeps it from being opened at all.
   */
  addTunnel(request: AddTunnelRequest, options: CallOptions): Promise<TunnelView>;
  listTunnels(): Promise<readonly TunnelView[]>;
  showTunnel(name: string): Promise<TunnelView>;
  startTunnel(name: string): Promise<TunnelView>;
  stopTunnel(name: string): Promise<TunnelView>;
  removeTunnel(name: string): Promise<void>;
}
