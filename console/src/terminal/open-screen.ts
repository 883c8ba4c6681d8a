import { FitAddon } from '@xterm/addon-fit';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { makeStrictElements } from './style-sheets.ts';

/** A screen in an element, as large as that is, in the colours of the page. Disposing of it leaves nothing. */
export function openScreen(
  place: HTMLElement,
  { onPaste, onLeave }: { readonly onPaste: (text: string) => void; readonly onLeave: () => void },
): { readonly screen: Terminal; readonly dispose: () => void } {
  const endStrictness = makeStrictElements(document);
  const screen = new Terminal({
    fontFamily: 'ui-monospace, "DejaVu Sans Mono", monospace',
    fontSize: 13,
    scrollback: 5000,
    minimumContrastRatio: 4.5,
    theme: themeOf(document.documentElement),
    // a link that a host prints leads nowhere by itself
    linkHandler: { activate: () => undefined },
  });
  const fit = new FitAddon();
  screen.loadAddon(fit);
  screen.open(place);
  fit.fit();
  screen.attachCustomKeyEventHandler(event => {
    if (event.type !== 'keydown') return true;
    if (event.key === 'Escape' && event.shiftKey) {
      onLeave();
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.key.toLowerCase() === 'c') {
      event.preventDefault();
      void navigator.clipboard.writeText(screen.getSelection());
      return false;
    }
    // the browser makes a paste of it
    return !(event.ctrlKey && event.shiftKey && event.key.toLowerCase() === 'v');
  });
  const over = new AbortController();
  const { signal } = over;
  const paste = (event: ClipboardEvent): void => {
    event.preventDefault();
    event.stopPropagation();
    onPaste(event.clipboardData?.getData('text/plain') ?? '');
  };
  place.addEventListener('paste', paste, { capture: true, signal });
  // in here a key is for the host: Escape, Ctrl K and ? as well
  place.addEventListener('keydown', event => event.stopPropagation(), { signal });
  const sizes = new ResizeObserver(() => fit.fit());
  sizes.observe(place);
  const colours = new MutationObserver(() => {
    screen.options.theme = themeOf(document.documentElement);
  });
  colours.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return {
    screen,
    dispose() {
      over.abort();
      sizes.disconnect();
      colours.disconnect();
      screen.dispose();
      endStrictness();
    },
  };
}

/** The page's own colours; the sixteen of terminals as the logs have them. */
function themeOf(page: HTMLElement): ITheme {
  const style = getComputedStyle(page);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const [bad, good, warn, accent, muted] = ['bad', 'good', 'warn', 'accent', 'muted'].map(colour);
  return {
    background: colour('ground'),
    foreground: colour('text'),
    cursor: colour('text'),
    cursorAccent: colour('ground'),
    selectionBackground: colour('accent-ground'),
    ...(bad && { red: bad, brightRed: bad }),
    ...(good && { green: good, brightGreen: good }),
    ...(warn && { yellow: warn, brightYellow: warn }),
    ...(accent && { blue: accent, brightBlue: accent }),
    ...(muted && { brightBlack: muted }),
  };
}
