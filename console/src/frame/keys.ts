import { SCREENS } from '../screens.ts';

export interface KeyActions {
  readonly go: (path: string) => void;
  readonly openPalette: () => void;
  readonly openSheet: () => void;
}

/** Milliseconds in which the second key of `g f` must come. */
const SECOND_KEY = 1500;

/** What every key does, for the sheet. */
export const KEY_WORDS: readonly (readonly [keys: string, what: string])[] = [
  ['Ctrl K', 'commands: go anywhere, do anything'],
  ...SCREENS.filter(screen => screen.key !== null).map(
    ({ key, title }) => [`g ${key}`, `go to ${title}`] as const,
  ),
  ['/', 'filter or search'],
  ['j / k', 'next and previous row'],
  ['Enter', 'open the row'],
  ['Space', 'choose the row (on its box)'],
  ['End', 'in a log: follow it again'],
  ['Esc', 'close what lies on top; leave a field'],
  ['?', 'this sheet'],
];

/** Listens for the keys that work everywhere. Gives what stops it. */
export function listenForKeys(actions: KeyActions): () => void {
  let leaderAt = Number.NEGATIVE_INFINITY;
  const onKey = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      actions.openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (isTyping(event.target)) {
      if (event.key === 'Escape' && event.target instanceof HTMLElement) event.target.blur();
      return;
    }
    if (document.querySelector('dialog[open]')) return;
    const led = performance.now() - leaderAt < SECOND_KEY;
    leaderAt = Number.NEGATIVE_INFINITY;
    const screen = led ? SCREENS.find(each => each.key === event.key) : undefined;
    if (screen) actions.go(screen.path);
    else if (event.key === 'g') leaderAt = performance.now();
    else if (event.key === '?') actions.openSheet();
    else if (event.key === '/') focusSearch();
    else if (event.key === 'j' || event.key === 'k') walkRows(event.key === 'j' ? 1 : -1);
    else return;
    event.preventDefault();
  };
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement) return target.type !== 'checkbox';
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}

function focusSearch(): void {
  document.querySelector<HTMLInputElement>('[data-search]')?.focus();
}

function walkRows(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex(row => row === document.activeElement);
  const next = rows[at < 0 ? 0 : at + step];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
