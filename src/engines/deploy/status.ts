import { sanitiseText } from '../../core/untrusted.ts';
import type { Layout } from './layout.ts';
import { statusScript } from './scripts.ts';
import type { Site } from './site.ts';

/** How a release is, as its service manager and its process say. */
export interface ReleaseStatus {
  /** `active`, `activating`, `failed`, `inactive`, `missing` … */
  readonly state: string;
  readonly service: string;
  readonly pid: number | null;
  /** Times it ended and was begun again. */
  readonly restarts: number;
  /** Bytes. */
  readonly memory: number | null;
  /** What grows while it gets on: log, memory and what was read from the disk. */
  readonly growth: string;
  readonly log: string;
}

export async function releaseStatus(
  site: Site,
  layout: Layout,
  wish: {
    readonly name: string;
    readonly release: string;
    readonly lines: number;
    readonly signal: AbortSignal;
  },
): Promise<ReleaseStatus> {
  const script = statusScript(layout, wish.name, { id: wish.release }, wish.lines);
  const { output } = await site.run(script, { signal: wish.signal });
  return parseStatus(output);
}

export function parseStatus(output: string): ReleaseStatus {
  const end = output.indexOf('\n\n');
  const head = end < 0 ? output : output.slice(0, end);
  const found = new Map(
    head.split('\n').map(line => {
      const at = line.indexOf('=');
      return [line.slice(0, at), sanitiseText(line.slice(at + 1)).slice(0, 200)];
    }),
  );
  const number = (name: string): number | null => {
    const value = found.get(name) ?? '';
    return /^\d{1,15}$/.test(value) ? Number(value) : null;
  };
  const rss = number('rss');
  return {
    state: found.get('ActiveState') ?? 'unknown',
    service: found.get('service') ?? '',
    pid: number('pid'),
    restarts: number('NRestarts') ?? 0,
    memory: rss === null ? null : rss * 1024,
    growth: ['rss', 'read', 'log'].map(name => found.get(name) ?? '').join(' '),
    log: end < 0 ? '' : sanitiseText(output.slice(end + 2)),
  };
}

/** It ended at least once since it was started, or was never begun. */
export function hasEnded(status: ReleaseStatus): boolean {
  return status.restarts > 0 || isOver(status);
}

/** Nothing begins it again: it was never begun, was stopped, or ended too often. */
export function isOver({ state }: Pick<ReleaseStatus, 'state'>): boolean {
  return state === 'failed' || state === 'inactive' || state === 'missing';
}

/** Ends after which a service is given up when they come within two minutes; units and our own keeper count alike. */
const MOST_STARTS = 4;

/**
 * It ended soon after its start again and again, and was given up, or is about to be. A unit counts the times it was
 * begun again, our keeper those that it ended; the last start is not a restart.
 */
export function isCrashLoop(status: Pick<ReleaseStatus, 'state' | 'restarts'>): boolean {
  return isOver(status) && status.restarts >= MOST_STARTS - 1;
}
