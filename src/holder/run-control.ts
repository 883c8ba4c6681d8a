import type { Privilege } from '../core/command-run.ts';
import type { Exchange } from './exchange.ts';
import { checkId } from './held-request.ts';
import type { RunState } from './run-state.ts';

/** One question to the holder on the host, with the privilege of the run. */
export type Ask = (privilege: Privilege, request: Omit<Exchange, 'route'>) => Promise<RunState>;

export interface CancelOutcome {
  /** Processes of the run that are still there. Empty and `proved`: none is. */
  readonly remaining: readonly number[];
  readonly proved: boolean;
  readonly state: RunState;
}

export interface PauseOutcome {
  /** After a pause: processes of the run that are not stopped. After a resume: those that still are. */
  readonly remaining: readonly number[];
  /** Every process of the run was seen as asked for. A run that ended before (`state` says so) has none. */
  readonly proved: boolean;
  readonly state: RunState;
}

/** TERM, KILL after `grace` milliseconds, and a last look. */
export async function cancelRun(
  ask: Ask,
  id: string,
  privilege: Privilege,
  grace: number,
  signal: AbortSignal,
): Promise<CancelOutcome> {
  const { seen, state } = await look(
    ask,
    privilege,
    ['cancel', checkId(id), String(Math.round(grace))],
    signal,
  );
  return { ...seen, proved: seen.proved && state.state !== 'running', state };
}

/** STOP or CONT to every process of the run, until a look shows that all did it. */
export async function pauseRun(
  ask: Ask,
  verb: 'pause' | 'resume',
  id: string,
  privilege: Privilege,
  signal: AbortSignal,
): Promise<PauseOutcome> {
  const { seen, state } = await look(ask, privilege, [verb, checkId(id)], signal);
  const asWanted = state.state !== 'running' || state.paused === (verb === 'pause');
  return { ...seen, proved: seen.proved && asWanted, state };
}

async function look(
  ask: Ask,
  privilege: Privilege,
  words: readonly string[],
  signal: AbortSignal,
): Promise<{
  readonly seen: { readonly remaining: readonly number[]; readonly proved: boolean };
  readonly state: RunState;
}> {
  let seen: { readonly remaining: readonly number[]; readonly proved: boolean } = {
    remaining: [],
    proved: false,
  };
  const state = await ask(privilege, {
    words,
    signal,
    onFrame: frame => {
      if (frame.kind !== 'remaining') return;
      seen = { remaining: frame.pids, proved: frame.complete && frame.pids.length === 0 };
    },
  });
  return { seen, state };
}
