import { at } from '../../models/json.ts';

/** Answers of model servers are looked at field by field: nothing of their shape is believed. */
export const field = at;

const LONGEST_NAME = 300;
const MOST_ITEMS = 10_000;

/** A short text, or null. */
export function textField(value: unknown, ...path: readonly (string | number)[]): string | null {
  const found = field(value, ...path);
  return typeof found === 'string' && found.length <= LONGEST_NAME ? found : null;
}

/** The items of a list; of anything else none. */
export function listField(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = field(value, ...path);
  return Array.isArray(found) ? found.slice(0, MOST_ITEMS) : [];
}

/** Texts that are there. */
export function texts(values: readonly (string | null)[]): readonly string[] {
  return values.filter(value => value !== null);
}
