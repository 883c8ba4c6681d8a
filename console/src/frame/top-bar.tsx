import { type JSX, useState } from 'react';
import { ApprovalsBell } from './approvals-bell.tsx';
import { LinkBadge } from './link-badge.tsx';
import { chooseTheme, chosenTheme, type Theme } from './theme.ts';
import { Button } from '../parts/button.tsx';
import { Choices } from '../parts/field.tsx';

const THEMES = [
  ['system', 'system'],
  ['light', 'light'],
  ['dark', 'dark'],
] as const;

export function TopBar({
  onPalette,
  onSheet,
}: {
  readonly onPalette: () => void;
  readonly onSheet: () => void;
}): JSX.Element {
  const [theme, setTheme] = useState(chosenTheme);
  const choose = (wanted: Theme): void => {
    chooseTheme(wanted);
    setTheme(wanted);
  };
  return (
    <header className="flex shrink-0 items-center gap-2 overflow-hidden border-b border-line bg-raised px-3 py-1.5">
      <span className="font-semibold">
        <span aria-hidden="true">⚓︎ </span>Deckhand
      </span>
      <Button className="text-muted sm:ml-2 sm:w-64" onClick={onPalette}>
        Commands <kbd className="ml-auto hidden text-xs sm:inline">Ctrl K</kbd>
      </Button>
      <span className="ml-auto" />
      <LinkBadge />
      <ApprovalsBell />
      <span className="hidden sm:inline">
        <Choices
          label="theme"
          value={theme}
          options={THEMES}
          onChange={event => choose(event.target.value as Theme)}
        />
      </span>
      <Button look="bare" title="keys" onClick={onSheet} className="hidden sm:inline-flex">
        <span aria-hidden="true">?</span>
        <span className="sr-only">keys</span>
      </Button>
    </header>
  );
}
