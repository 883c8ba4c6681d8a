import type { z } from '../../core/schema.ts';
import { sanitiseText } from '../../core/untrusted.ts';

/** Faults that are told, and characters of all of them. */
const MOST_FAULTS = 8;
const LONGEST_FAULT = 1500;

export type ReadAnswer<Value> =
  | { readonly fits: true; readonly value: Value }
  | { readonly fits: false; readonly fault: string };

/** An answer held against its schema. Fences and words around the JSON are forgiven, nothing else. */
export function readAnswer<Value>(
  text: string,
  schema: z.ZodType<Value>,
  finishReason: string,
): ReadAnswer<Value> {
  const json = jsonIn(text);
  if (json === undefined) return { fits: false, fault: noJson(text, finishReason) };
  const parsed = schema.safeParse(json);
  if (parsed.success) return { fits: true, value: parsed.data };
  const { issues } = parsed.error;
  const faults = issues
    .slice(0, MOST_FAULTS)
    .map(
      ({ path, message }) => `${path.length === 0 ? 'the whole' : path.map(String).join('.')}: ${message}`,
    );
  const more = issues.length - faults.length;
  const all = `${faults.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
  return { fits: false, fault: sanitiseText(all).slice(0, LONGEST_FAULT) };
}

function noJson(text: string, finishReason: string): string {
  if (finishReason === 'length') return 'the answer was cut off at the limit of its length; be brief';
  if (finishReason === 'content-filter') return 'the provider withheld the answer';
  return text.trim() === '' ? 'the answer is empty' : 'the answer is no JSON';
}

function jsonIn(text: string): unknown {
  const fenced = /```(?:json)?[^\S\n]*\n([\s\S]*?)```/.exec(text)?.[1];
  const braces = text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1);
  for (const candidate of [text, fenced, braces]) {
    const parsed = candidate === undefined ? undefined : objectIn(candidate);
    if (parsed !== undefined) return parsed;
  }
  return undefined;
}

function objectIn(text: string): object | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === 'object' && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
