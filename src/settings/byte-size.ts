import { DeckhandError } from '../core/deckhand-error.ts';

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1000,
  mb: 1e6,
  gb: 1e9,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** `64KiB`, `10 MB`, `1GiB`, a bare number of bytes → bytes. */
export function parseByteSize(text: string, field: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmg]?i?b?)$/i.exec(text.trim());
  const unit = UNITS[match?.[2]?.toLowerCase() ?? 'none'];
  if (!match?.[1] || unit === undefined) {
    throw new DeckhandError('input.invalid', `${field}: '${text}' is no size; write 64KiB, 10MB or 1GiB.`, {
      details: { field, value: text },
    });
  }
  return Math.round(Number(match[1]) * unit);
}
