import type { TaskState, TunnelState } from 'deckhand/client';

/** How a state is said: never by its colour alone. */
export interface StateLook {
  readonly word: string;
  readonly glyph: string;
  readonly tone: Tone;
}
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'quiet';

export const TASK_LOOKS: Readonly<Record<TaskState, StateLook>> = {
  blocked: { word: 'waits for others', glyph: '◌', tone: 'quiet' },
  'waiting-approval': { word: 'needs approval', glyph: '!', tone: 'warn' },
  delayed: { word: 'waits', glyph: '◔', tone: 'quiet' },
  queued: { word: 'queued', glyph: '○', tone: 'quiet' },
  running: { word: 'running', glyph: '▸', tone: 'busy' },
  paused: { word: 'paused', glyph: '‖', tone: 'warn' },
  succeeded: { word: 'succeeded', glyph: '✓', tone: 'good' },
  failed: { word: 'failed', glyph: '✗', tone: 'bad' },
  cancelled: { word: 'cancelled', glyph: '⊘', tone: 'quiet' },
  skipped: { word: 'skipped', glyph: '↷', tone: 'quiet' },
  lost: { word: 'lost', glyph: '?', tone: 'bad' },
};

export const TUNNEL_LOOKS: Readonly<Record<TunnelState, StateLook>> = {
  starting: { word: 'starting', glyph: '◔', tone: 'busy' },
  up: { word: 'up', glyph: '✓', tone: 'good' },
  down: { word: 'down, tries again', glyph: '✗', tone: 'bad' },
  'needs-attention': { word: 'needs you', glyph: '!', tone: 'warn' },
  stopped: { word: 'stopped', glyph: '‖', tone: 'quiet' },
  ended: { word: 'ended', glyph: '⊘', tone: 'quiet' },
};
