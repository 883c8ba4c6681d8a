const UNITS = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** Bytes for people: `0 B`, `980 B`, `1.4 MiB`, `120 MiB`. */
export function showSize(bytes: number): string {
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  let amount = bytes / 1024;
  let unit = 0;
  while (amount >= 999.5 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount < 99.95 ? amount.toFixed(1) : amount.toFixed(0)} ${UNITS[unit]}`;
}

/** Bytes a second for people; `-` where nothing is known. */
export function showRate(bytes: number | null): string {
  return bytes === null ? '-' : `${showSize(bytes)}/s`;
}

/** What is left, milliseconds, as on a clock: `0:16`, `12:05`, `1:02:03`. */
export function showLeft(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = two(seconds % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}
