import { LazyPart } from './engine/lazy-part.ts';

/** A screen: one folder, and one line here. */
export interface Screen {
  /** As wouter writes it: `/runs/:id`. */
  readonly path: string;
  readonly title: string;
  /** In the rail, reached by `g` and this letter; null: only from other screens. */
  readonly key: string | null;
  readonly glyph: string;
  readonly part: LazyPart;
}

/** In the order of the rail. */
export const SCREENS: readonly Screen[] = [
  {
    path: '/fleet',
    title: 'Fleet',
    key: 'f',
    glyph: '▤',
    part: new LazyPart(() => import('./fleet/fleet-screen.tsx')),
  },
  {
    path: '/tasks',
    title: 'Tasks',
    key: 't',
    glyph: '☰',
    part: new LazyPart(() => import('./tasks/tasks-screen.tsx')),
  },
  {
    path: '/models',
    title: 'Models',
    key: 'm',
    glyph: '◈',
    part: new LazyPart(() => import('./models/models-screen.tsx')),
  },
  {
    path: '/agent',
    title: 'Agent',
    key: 'a',
    glyph: '✦',
    part: new LazyPart(() => import('./agent/agent-screen.tsx')),
  },
  {
    path: '/agent/:id',
    title: 'Agent run',
    key: null,
    glyph: '✦',
    part: new LazyPart(() => import('./agent/agent-run-screen.tsx')),
  },
  {
    path: '/chat',
    title: 'Chat',
    key: 'c',
    glyph: '❝',
    part: new LazyPart(() => import('./chat/chat-screen.tsx')),
  },
  {
    path: '/files',
    title: 'Files',
    key: 'i',
    glyph: '▧',
    part: new LazyPart(() => import('./files/files-screen.tsx')),
  },
  {
    path: '/audit',
    title: 'Audit',
    key: 'u',
    glyph: '≡',
    part: new LazyPart(() => import('./audit/audit-screen.tsx')),
  },
  {
    path: '/settings',
    title: 'Settings',
    key: 's',
    glyph: '⚙',
    part: new LazyPart(() => import('./settings/settings-screen.tsx')),
  },
  {
    path: '/runs/:id',
    title: 'Run',
    key: null,
    glyph: '▸',
    part: new LazyPart(() => import('./run/run-screen.tsx')),
  },
  {
    path: '/terminal/:host',
    title: 'Terminal',
    key: null,
    glyph: '▮',
    part: new LazyPart(() => import('./terminal/terminal-screen.tsx')),
  },
];

/** Where the console begins. */
export const FIRST_PLACE = '/fleet';
/** Nearly every list leads there. */
const MOST_OPENED = '/runs/:id';
/** As large as all others together. */
const LARGE = '/terminal/:host';

/**
 * Loads screens before anybody goes there, one at a time, whenever the page has nothing else to do. Gives up when one
 * cannot be had.
 */
export async function loadScreens(signal: AbortSignal): Promise<void> {
  const soon = SCREENS.filter(screen => screen.path !== LARGE);
  for (const { part } of soon.toSorted(
    (a, b) => Number(b.path === MOST_OPENED) - Number(a.path === MOST_OPENED),
  )) {
    await part.load();
    await new Promise(resolve => requestIdleCallback(resolve, { timeout: 2000 }));
    if (signal.aborted) return;
  }
}
