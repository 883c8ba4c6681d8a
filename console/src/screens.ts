import { type ComponentType, lazy, type LazyExoticComponent } from 'react';

/** A screen: one folder, and one line here. */
export interface Screen {
  /** As wouter writes it: `/runs/:id`. */
  readonly path: string;
  readonly title: string;
  /** In the rail, reached by `g` and this letter; null: only from other screens. */
  readonly key: string | null;
  readonly glyph: string;
  readonly Component: LazyExoticComponent<ComponentType>;
}

/** In the order of the rail. */
export const SCREENS: readonly Screen[] = [
  {
    path: '/fleet',
    title: 'Fleet',
    key: 'f',
    glyph: '▤',
    Component: lazy(() => import('./fleet/fleet-screen.tsx')),
  },
  {
    path: '/tasks',
    title: 'Tasks',
    key: 't',
    glyph: '☰',
    Component: lazy(() => import('./tasks/tasks-screen.tsx')),
  },
  {
    path: '/models',
    title: 'Models',
    key: 'm',
    glyph: '◈',
    Component: lazy(() => import('./models/models-screen.tsx')),
  },
  {
    path: '/agent',
    title: 'Agent',
    key: 'a',
    glyph: '✦',
    Component: lazy(() => import('./agent/agent-screen.tsx')),
  },
  {
    path: '/agent/:id',
    title: 'Agent run',
    key: null,
    glyph: '✦',
    Component: lazy(() => import('./agent/agent-run-screen.tsx')),
  },
  {
    path: '/chat',
    title: 'Chat',
    key: 'c',
    glyph: '❝',
    Component: lazy(() => import('./chat/chat-screen.tsx')),
  },
  {
    path: '/audit',
    title: 'Audit',
    key: 'u',
    glyph: '≡',
    Component: lazy(() => import('./audit/audit-screen.tsx')),
  },
  {
    path: '/runs/:id',
    title: 'Run',
    key: null,
    glyph: '▸',
    Component: lazy(() => import('./run/run-screen.tsx')),
  },
];

/** Where the console begins. */
export const FIRST_PLACE = '/fleet';
