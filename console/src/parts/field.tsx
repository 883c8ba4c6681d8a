import type { InputHTMLAttributes, JSX, SelectHTMLAttributes } from 'react';

const LOOK = 'min-h-8 rounded border border-line bg-ground px-2 py-1';

/** One line of text with its label; `hidden` labels are read, not seen. */
export function TextField({
  label,
  hideLabel = false,
  className = '',
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & {
  readonly label: string;
  readonly hideLabel?: boolean;
}): JSX.Element {
  return (
    <label className={`flex flex-col gap-1 ${className}`}>
      <span className={hideLabel ? 'sr-only' : 'text-xs text-muted'}>{label}</span>
      <input {...rest} className={LOOK} />
    </label>
  );
}

export function Choices({
  label,
  options,
  ...rest
}: SelectHTMLAttributes<HTMLSelectElement> & {
  readonly label: string;
  readonly options: readonly (readonly [value: string, word: string])[];
}): JSX.Element {
  return (
    <select aria-label={label} {...rest} className={LOOK}>
      {options.map(([value, word]) => (
        <option key={value} value={value}>
          {word}
        </option>
      ))}
    </select>
  );
}

/** Yes or no, with its words beside it. */
export function Tick({
  label,
  checked,
  onChange,
  className = '',
}: {
  readonly label: string;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly className?: string;
}): JSX.Element {
  return (
    <label className={`flex items-center gap-2 ${className}`}>
      <input
        type="checkbox"
        className="size-4"
        checked={checked}
        onChange={event => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}

/** The text that filters a list; `/` leads here. */
export function SearchField({
  value,
  onChange,
  label,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly label: string;
}): JSX.Element {
  return (
    <TextField
      label={label}
      hideLabel
      type="search"
      data-search=""
      placeholder={`${label} ( / )`}
      value={value}
      onChange={event => onChange(event.target.value)}
      className="min-w-40 flex-1 sm:max-w-72"
    />
  );
}
