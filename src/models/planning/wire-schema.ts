import { z } from '../../core/schema.ts';

type Node = Readonly<Record<string, unknown>>;

/**
 * Bounds that are checked here anyway, and that servers choke on: llama.cpp builds a grammar with one rule for each
 * repetition and refuses a long one, others know only a part of them.
 */
const LEFT_OUT = new Set([
  '$schema',
  'maxLength',
  'minLength',
  'pattern',
  'format',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'default',
]);

/** The JSON schema that is sent: shape, names and enumerations. The answer is held against the whole schema here. */
export function wireSchema(schema: z.ZodType): Readonly<Record<string, unknown>> {
  return pruned(z.toJSONSchema(schema, { target: 'draft-7', io: 'output', reused: 'inline' }) as Node);
}

function pruned(node: Node): Node {
  return Object.fromEntries(
    Object.entries(node).flatMap(([name, value]) => {
      if (LEFT_OUT.has(name)) return [];
      if (name === 'properties') return [[name, eachPruned(value as Node)]];
      return [[name, name === 'enum' || name === 'required' ? value : prunedValue(value)]];
    }),
  );
}

/** Names of fields are no keywords: a field may be called `format`. */
function eachPruned(properties: Node): Node {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, prunedValue(value)]));
}

function prunedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(prunedValue);
  return typeof value === 'object' && value !== null ? pruned(value as Node) : value;
}
