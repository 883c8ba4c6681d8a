/**
 * A report before it has a form: what is said, and on which command run or task each sentence rests. Texts in it are
 * as they came; whoever renders makes them harmless.
 */

/** A reference to what proves a sentence: a command run of the appendix, or a task, an approval, a line of the audit log. */
export interface Evidence {
  readonly evidence: string;
}
export type Inline =
  | string
  | Evidence
  | { readonly strong: string }
  /** A value on one line, shown as it is. */
  | { readonly value: string };
export type Words = readonly Inline[];

export interface ListItem {
  readonly words: Words;
  readonly under?: readonly Block[];
}
export type Block =
  | {
      readonly kind: 'heading';
      readonly level: 1 | 2 | 3;
      readonly words: Words;
      /** Where references to this id lead. */
      readonly anchor?: string;
    }
  | { readonly kind: 'paragraph'; readonly words: Words }
  | { readonly kind: 'list'; readonly items: readonly ListItem[] }
  /** Without a head: names and values. */
  | {
      readonly kind: 'table';
      readonly head: readonly string[] | null;
      readonly rows: readonly (readonly Words[])[];
    }
  | { readonly kind: 'code'; readonly text: string; readonly language: '' | 'sh' | 'diff' };

export interface ReportDocument {
  readonly title: string;
  readonly blocks: readonly Block[];
}

export function heading(level: 1 | 2 | 3, words: Words, anchor?: string): Block {
  return { kind: 'heading', level, words, ...(anchor === undefined ? {} : { anchor }) };
}
export function paragraph(...words: Words): Block {
  return { kind: 'paragraph', words };
}
/** No block at all for an empty list. */
export function list(items: readonly ListItem[]): readonly Block[] {
  return items.length === 0 ? [] : [{ kind: 'list', items }];
}
export function code(text: string, language: '' | 'sh' | 'diff' = ''): Block {
  return { kind: 'code', text, language };
}
export function table(head: readonly string[] | null, rows: readonly (readonly Words[])[]): readonly Block[] {
  return rows.length === 0 ? [] : [{ kind: 'table', head, rows }];
}

/** References behind a sentence, a space before each. */
export function restingOn(...ids: readonly (string | undefined)[]): Words {
  const known = new Set(ids.filter(id => id !== undefined && id !== ''));
  return [...known].flatMap(id => [' ', { evidence: id as string }]);
}

/** Ids that references can lead to. */
export function anchorsOf(blocks: readonly Block[]): ReadonlySet<string> {
  return new Set(
    blocks.flatMap(block => (block.kind === 'heading' && block.anchor !== undefined ? [block.anchor] : [])),
  );
}

/** An id as the name of a place in a document. */
export function anchorName(id: string): string {
  return id.replaceAll(/[^A-Za-z0-9_-]/g, '-');
}

/** `1 host`, `3 hosts`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** Characters of one stream or script that a report shows; the store has more. */
export const MOST_TEXT = 4000;
