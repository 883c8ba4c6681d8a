import type { HostSummary, TaskRow, TunnelView } from 'deckhand/client';
import type { StateLook } from '../parts/states.ts';

/** What is known of each host, from what was last asked of it. Pure. */

export type HostState = 'ready' | 'unreachable' | 'host-key' | 'refused' | 'unknown';

export const HOST_LOOKS: Readonly<Record<HostState, StateLook>> = {
  ready: { word: 'ready', glyph: '✓', tone: 'good' },
  unreachable: { word: 'unreachable', glyph: '✗', tone: 'bad' },
  'host-key': { word: 'host key needs review', glyph: '!', tone: 'warn' },
  refused: { word: 'does not let us in', glyph: '✗', tone: 'bad' },
  unknown: { word: 'not asked yet', glyph: '○', tone: 'quiet' },
};

/** The little of the facts that a list shows. */
export interface ShortFacts {
  readonly system: string;
  readonly processors: number;
  /** Bytes. */
  readonly memory: { readonly total: number; readonly available: number } | null;
  readonly disk: { readonly mount: string; readonly total: number; readonly available: number } | null;
}

export interface HostRow extends HostSummary {
  readonly state: HostState;
  /** The error's code, where there was one. */
  readonly reason: string | null;
  /** When somebody last heard of it, milliseconds since the epoch. */
  readonly seenAt: number | null;
  /** Tasks that run there, without its tunnels. */
  readonly running: number;
  /** The newest of them. */
  readonly current: TaskRow | null;
  readonly others: number;
  /** Those that lead through it and have not ended, by their names. */
  readonly tunnels: readonly TunnelView[];
  readonly facts: ShortFacts | null;
}

interface Known {
  readonly hosts: readonly HostSummary[];
  /** Newest first, of any kind. */
  readonly tasks: readonly TaskRow[];
  readonly facts: ReadonlyMap<string, ShortFacts>;
  readonly tunnels: readonly TunnelView[];
}

export function hostRows({ hosts, tasks, facts, tunnels }: Known): readonly HostRow[] {
  const byHost = Map.groupBy(tasks, task => task.host ?? '');
  const through = Map.groupBy(
    tunnels.filter(({ state }) => state !== 'ended'),
    tunnel => tunnel.host,
  );
  return hosts.map(host => {
    const own = byHost.get(host.name) ?? [];
    const running = own.filter(task => task.state === 'running' && task.kind !== 'ssh.tunnel');
    const told = own.find(task => stateOf(task) !== null);
    return {
      ...host,
      state: (told && stateOf(told)) ?? 'unknown',
      reason: told?.error?.code ?? null,
      seenAt: own.find(task => stateOf(task) === 'ready')?.finishedAt ?? null,
      running: running.length,
      current: running[0] ?? null,
      others: Math.max(0, running.length - 1),
      tunnels: (through.get(host.name) ?? []).toSorted((a, b) => a.name.localeCompare(b.name, 'en')),
      facts: facts.get(host.name) ?? null,
    };
  });
}

/** What an ended task tells of its host; null = nothing. */
function stateOf({ state, error }: TaskRow): HostState | null {
  if (state === 'succeeded') return 'ready';
  if (state !== 'failed' || !error) return null;
  const { code } = error;
  if (code.startsWith('ssh.host-key')) return 'host-key';
  if (/^ssh\.(authentication|no-credentials|key-unreadable)/.test(code)) return 'refused';
  if (/^ssh\.(resolve|refused|unreachable|connect|not-ssh|handshake|jump|connection|peer)/.test(code))
    return 'unreachable';
  // it was there to fail
  return code.startsWith('command.') || code.startsWith('plan.') ? 'ready' : null;
}

interface FactsLike {
  readonly os?: { readonly prettyName?: string; readonly id?: string };
  readonly processor?: { readonly count?: number };
  readonly memory?: { readonly total: number; readonly available: number } | null;
  readonly disks?: readonly { readonly mount: string; readonly total: number; readonly available: number }[];
}

/** The short form of a facts result, or null when it is none. */
export function shortFacts(result: Readonly<Record<string, unknown>> | null): ShortFacts | null {
  const facts = result?.['facts'] as FactsLike | undefined;
  if (!facts) return null;
  return {
    system: facts.os?.prettyName ?? facts.os?.id ?? '',
    processors: facts.processor?.count ?? 0,
    memory: facts.memory ?? null,
    disk: facts.disks?.find(disk => disk.mount === '/') ?? facts.disks?.[0] ?? null,
  };
}

export interface HostFilter {
  readonly text: string;
  readonly state: string;
  readonly group: string;
}

export function fitsHost(row: HostRow, { text, state, group }: HostFilter): boolean {
  const words =
    `${row.name} ${row.address ?? ''} ${row.groups.join(' ')} ${row.facts?.system ?? ''}`.toLowerCase();
  return (
    words.includes(text.toLowerCase()) &&
    (state === '' || row.state === state) &&
    (group === '' || row.groups.includes(group))
  );
}
