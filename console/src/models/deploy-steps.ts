import type { TaskEvent } from 'deckhand/client';

/** The seven steps of a deployment, in their order. */
export const DEPLOY_STEPS = [
  'connect',
  'preflight',
  'directory',
  'payload',
  'start',
  'verify',
  'done',
] as const;

export interface ShownStep {
  readonly name: string;
  readonly state: 'waits' | 'runs' | 'done' | 'skipped';
  /** What was seen or done, in words. */
  readonly text: string;
}

/** How far a deployment is, from the phases and notes of its task. Pure. */
export function deploySteps(events: readonly TaskEvent[]): readonly ShownStep[] {
  const found = new Map<string, ShownStep>();
  for (const event of events) {
    // it begins again after the host was away
    if (event.kind === 'task-started') found.clear();
    if (event.kind === 'phase') found.set(event.phase, { name: event.phase, state: 'runs', text: '' });
    if (event.kind !== 'note') continue;
    const [, name, outcome, text = ''] = /^([a-z]+): (done|skipped) in (.*)$/s.exec(event.text) ?? [];
    if (name !== undefined)
      found.set(name, { name, state: outcome === 'skipped' ? 'skipped' : 'done', text });
  }
  return DEPLOY_STEPS.map(name => found.get(name) ?? { name, state: 'waits', text: '' });
}

/** A name that deployments may have, after the file of a model. */
export function nameOfFile(path: string): string {
  const file = path.split('/').at(-1) ?? '';
  return file
    .replace(/\.gguf$/i, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 40);
}
