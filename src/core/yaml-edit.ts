import { isMap, parseDocument } from 'yaml';
import { readYaml } from './yaml.ts';
import type { ErrorCode } from './error-table.ts';

/**
 * The text with one field set; comments, order and everything else stay. Maps on the way are made
 * where they are missing. Throws a DeckhandError of `code` when the text is no YAML.
 */
export function setYamlField(
  text: string,
  file: string,
  path: readonly string[],
  value: unknown,
  code: ErrorCode,
): string {
  readYaml(text, file, code);
  const document = parseDocument(text);
  // A key without value (`hosts:`) is null, into which nothing can be set.
  for (let depth = 1; depth < path.length; depth += 1) {
    const place = path.slice(0, depth);
    const node = document.getIn(place, true);
    if (!isMap(node) || node.items.length === 0) document.setIn(place, document.createNode({}));
  }
  document.setIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}
