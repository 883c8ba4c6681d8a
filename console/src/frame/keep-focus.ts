/**
 * Keeps the focus of a keyboard from falling out of the page: when what had it is taken away (a card that was
 * answered, a row that went), it goes to the nearest place around it that is still there. Gives what stops it.
 */
export function keepFocus(): () => void {
  let around: readonly HTMLElement[] = [];
  const onFocus = ({ target }: FocusEvent): void => {
    around = target instanceof HTMLElement ? [target, ...ancestorsOf(target)] : [];
  };
  const watcher = new MutationObserver(() => {
    const [last] = around;
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    const place = around.find(each => each.isConnected && each.hasAttribute('tabindex')) ?? topPlace();
    place?.focus({ preventScroll: true });
  });
  document.addEventListener('focusin', onFocus);
  watcher.observe(document.body, { childList: true, subtree: true });
  return () => {
    document.removeEventListener('focusin', onFocus);
    watcher.disconnect();
  };
}

function* ancestorsOf(element: HTMLElement): Generator<HTMLElement> {
  for (let each = element.parentElement; each; each = each.parentElement) yield each;
}

/** The dialog that lies on top, or the screen. */
function topPlace(): HTMLElement | null {
  return [...document.querySelectorAll<HTMLElement>('dialog[open]')].at(-1) ?? document.querySelector('main');
}
