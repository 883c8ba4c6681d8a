import { systemClock, type Clock } from '../../core/clock.ts';
import type { TaskApi } from '../task-api.ts';
import { clientOver } from './client.ts';
import { Exchange, type ExchangeOptions } from './exchange.ts';

export interface ClientOptions extends ExchangeOptions {
  /** Aborted: every call and every stream of this client ends. */
  readonly signal?: AbortSignal;
  /** Default the system's. */
  readonly clock?: Clock;
  /** For the jitter of reconnects, 0 … 1; default `Math.random`. */
  readonly random?: () => number;
}

/**
 * The task API of a daemon. Connects with the first call, which throws `daemon.unreachable` when nobody
 * answers. Loads nothing but `node:http`: the command line's start-up is felt. Following ends quietly when its
 * signal aborts. Throws `input.invalid` for an address that is none.
 */
export function connectClient(options: ClientOptions): TaskApi {
  return clientOver({
    transport: new Exchange(options),
    signal: options.signal,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
  });
}
