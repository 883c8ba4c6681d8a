import type { ButtonHTMLAttributes, JSX } from 'react';

const LOOKS = {
  plain: 'border-line bg-raised hover:bg-sunken',
  main: 'border-accent bg-accent text-on-accent hover:opacity-90',
  grave: 'border-bad text-bad bg-ground hover:bg-sunken',
  bare: 'border-transparent hover:bg-sunken',
} as const;

/** A button with a word on it. `busy` keeps its place, and the focus of a keyboard, while something is done. */
export function Button({
  look = 'plain',
  busy = false,
  className = '',
  onClick,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & {
  readonly look?: keyof typeof LOOKS;
  readonly busy?: boolean;
}): JSX.Element {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy}
      aria-disabled={busy ? true : undefined}
      onClick={event => {
        if (busy) event.preventDefault();
        else onClick?.(event);
      }}
      className={`inline-flex min-h-8 items-center gap-1.5 rounded border px-2.5 py-1 whitespace-nowrap disabled:opacity-60 aria-disabled:opacity-60 ${LOOKS[look]} ${className}`}
    />
  );
}
