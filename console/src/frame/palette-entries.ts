import { HERE, api, signOut } from '../engine/api.ts';
import { SCREENS } from '../screens.ts';
import { chooseTheme } from './theme.ts';

export interface Entry {
  readonly words: string;
  readonly hint: string;
  readonly act: () => void;
}

/** What the palette always offers. */
export function fixedEntries(go: (path: string) => void): readonly Entry[] {
  return [
    ...SCREENS.filter(screen => screen.key !== null).map(({ title, path, key }) => ({
      words: `Go to ${title}`,
      hint: `g ${key}`,
      act: () => go(path),
    })),
    { words: 'Add a server', hint: 'fleet', act: () => go('/fleet?add=1') },
    { words: 'Failed tasks', hint: 'tasks', act: () => go('/tasks?state=failed') },
    { words: 'Running tasks', hint: 'tasks', act: () => go('/tasks?state=running') },
    { words: 'Theme: light', hint: '', act: () => chooseTheme('light') },
    { words: 'Theme: dark', hint: '', act: () => chooseTheme('dark') },
    { words: 'Theme: as the system', hint: '', act: () => chooseTheme('system') },
    { words: 'Sign out', hint: 'ends the session of this browser', act: () => void signOut() },
  ];
}

/** Hosts and newest tasks, by what they are called. */
export async function foundEntries(go: (path: string) => void): Promise<readonly Entry[]> {
  const [hosts, { tasks }] = await Promise.all([api.listHosts(HERE, null), api.tasks({ limit: 100 })]);
  return [
    ...hosts.map(({ name, groups }) => ({
      words: name,
      hint: ['server', ...groups].join(' '),
      act: () => go(`/fleet?host=${encodeURIComponent(name)}`),
    })),
    ...tasks.map(({ id, group, title, state, host }) => ({
      words: title,
      hint: `${state} ${host ?? ''} ${id}`,
      act: () => go(`/runs/${group}?task=${id}`),
    })),
  ];
}

/** Entries that hold every word that was typed, those that begin with it first. Pure. */
export function matching(entries: readonly Entry[], typed: string, most: number): readonly Entry[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = entries.filter(({ words: text, hint }) => {
    const all = `${text} ${hint}`.toLowerCase();
    return words.every(word => all.includes(word));
  });
  const begins = (entry: Entry): number => (entry.words.toLowerCase().startsWith(words[0] ?? '') ? 0 : 1);
  return fits.toSorted((a, b) => begins(a) - begins(b)).slice(0, most);
}
