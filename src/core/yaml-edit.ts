import { type Document, isCollection, isMap, isNode, isSeq, type Node, parseDocument } from 'yaml';
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
  const document = documentOf(text, file, code);
  // A key without value (`hosts:`) is null, into which nothing can be set.
  for (let depth = 1; depth < path.length; depth += 1) {
    const place = path.slice(0, depth);
    const node = document.getIn(place, true);
    if (!isMap(node) || node.items.length === 0) document.setIn(place, document.createNode({}));
  }
  document.setIn(path, likeBefore(document.createNode(value), document.getIn(path, true)));
  return document.toString({ lineWidth: 0 });
}

/** The text with one more item at the end of a list, made where it is missing. Throws as `setYamlField` does. */
export function addYamlItem(
  text: string,
  file: string,
  path: readonly string[],
  value: unknown,
  code: ErrorCode,
): string {
  const document = documentOf(text, file, code);
  if (!isSeq(document.getIn(path, true))) return setYamlField(text, file, path, [value], code);
  document.addIn(path, document.createNode(value));
  return document.toString({ lineWidth: 0 });
}

function documentOf(text: string, file: string, code: ErrorCode): Document {
  readYaml(text, file, code);
  return parseDocument(text);
}

/** What was said beside the old value, and how it was written, stays. */
function likeBefore(node: Node, old: unknown): Node {
  if (!isNode(old)) return node;
  const { comment, commentBefore, spaceBefore } = old;
  Object.assign(node, { comment, commentBefore, spaceBefore });
  if (isCollection(node) && isCollection(old)) node.flow = old.flow === true;
  return node;
}

/** The text without one field, and without the maps that have nothing else in them; the rest stays as it is. */
export function removeYamlField(
  text: string,
  file: string,
  path: readonly string[],
  code: ErrorCode,
): string {
  const document = documentOf(text, file, code);
  if (!document.hasIn(path)) return text;
  const top = commentOnTop(document);
  document.deleteIn(path);
  for (let depth = path.length - 1; depth > 0; depth -= 1) {
    const node = document.getIn(path.slice(0, depth), true);
    if (!isMap(node) || node.items.length > 0) break;
    document.deleteIn(path.slice(0, depth));
  }
  const after = document.toString({ lineWidth: 0 });
  const rest = isMap(document.contents) && document.contents.items.length === 0 ? emptied(after) : after;
  return top === '' || rest.startsWith(top) ? rest : top + rest;
}

/** What the file begins with is about the file, not about the field that happens to come first. */
function commentOnTop({ contents }: Document): string {
  const key = isMap(contents) ? contents.items[0]?.key : undefined;
  const comment = isNode(key) ? key.commentBefore : undefined;
  if (typeof comment !== 'string') return '';
  return comment
    .split('\n')
    .map(line => `#${line}\n`)
    .join('');
}

/** An empty map is written as `{}`, which nobody would have written. */
function emptied(text: string): string {
  return text.replace(/^\{\}\n?/m, '');
}
