import type { StateLook } from '../parts/states.ts';
import type { StepState } from './run-story.ts';

export const STEP_LOOKS: Readonly<Record<StepState, StateLook>> = {
  waits: { word: 'waits', glyph: '○', tone: 'quiet' },
  runs: { word: 'running', glyph: '▸', tone: 'busy' },
  changed: { word: 'changed', glyph: '✓', tone: 'good' },
  unchanged: { word: 'was so already', glyph: '=', tone: 'good' },
  failed: { word: 'failed', glyph: '✗', tone: 'bad' },
  skipped: { word: 'skipped', glyph: '↷', tone: 'warn' },
};
