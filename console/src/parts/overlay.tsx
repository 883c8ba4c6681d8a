import { type JSX, type ReactNode, useEffect, useRef } from 'react';
import { Button } from './button.tsx';

const SHAPES = {
  dialog: 'm-auto w-full max-w-xl rounded-lg',
  sheet: 'm-auto h-[92dvh] w-full max-w-5xl rounded-lg',
  drawer: 'mr-0 ml-auto h-dvh max-h-dvh w-full max-w-2xl',
} as const;

/** What lies over a screen. The browser keeps the focus inside, closes it with Esc and gives the focus back. */
export function Overlay({
  shape,
  title,
  onClose,
  children,
}: {
  readonly shape: keyof typeof SHAPES;
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}): JSX.Element {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const dialog = element.current;
    const before = document.activeElement;
    dialog?.showModal();
    // the first thing to fill in, rather than the button that closes
    dialog?.querySelector<HTMLElement>('input, textarea')?.focus();
    return () => {
      dialog?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={element}
      tabIndex={-1}
      aria-label={title}
      onCancel={event => {
        event.preventDefault();
        onClose();
      }}
      onClick={event => event.target === element.current && onClose()}
      className={`border border-line bg-ground p-0 outline-none ${SHAPES[shape]}`}
    >
      <div className="flex h-full max-h-dvh flex-col">
        <header className="flex items-center justify-between gap-2 border-b border-line px-4 py-2">
          <h2 className="truncate text-base font-semibold">{title}</h2>
          <Button look="bare" onClick={onClose}>
            Close <kbd className="text-xs text-muted">Esc</kbd>
          </Button>
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto p-4">{children}</div>
      </div>
    </dialog>
  );
}
