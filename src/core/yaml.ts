import { type Document, isMap, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { DeckhandError } from './deckhand-error.ts';
import type { ErrorCode } from './error-table.ts';

/** A position in a settings or runbook file, for messages: `web.yaml:12`. */
export interface YamlText {
  readonly value: unknown;
  /** 1-based line of the field at `path`, or of the nearest field above it that exists. */
  lineOf(path: readonly PropertyKey[]): number;
}

/**
 * Parses YAML 1.2 (also JSON) as plain data and keeps where each field stands.
 * Throws a DeckhandError of `code` naming file and line; doubled keys and aliases that grow are faults.
 */
export function readYaml(text: string, file: string, code: ErrorCode): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault) {
    const line = lines.linePos(fault.pos[0]).line;
    throw new DeckhandError(code, `${file}:${line}: ${fault.message}`, { details: { file, line } });
  }
  return {
    value: toPlain(() => document.toJS({ maxAliasCount: 50 }) as unknown, file, code),
    lineOf(path) {
      for (let depth = path.length; depth > 0; depth -= 1) {
        const start = startOf(document, path.slice(0, depth));
        if (start !== undefined) return lines.linePos(start).line;
      }
      return 1;
    },
  };
}

/** Offset of a field: of its key where it has one, because a map's value stands a line below. */
function startOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const last = path.at(-1);
  const parent = path.length > 1 ? document.getIn(path.slice(0, -1), true) : document.contents;
  if (isMap(parent)) {
    const pair = parent.items.find(item => isScalar(item.key) && String(item.key.value) === String(last));
    if (isScalar(pair?.key)) return pair.key.range?.[0];
  }
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  return node?.range?.[0];
}

/** Plain data as YAML that `readYaml` reads back as the same; texts of several lines as blocks. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** The value of `readYaml` alone. */
export function parseYaml(text: string, file: string, code: ErrorCode): unknown {
  return readYaml(text, file, code).value;
}

function toPlain(convert: () => unknown, file: string, code: ErrorCode): unknown {
  try {
    return convert();
  } catch (error) {
    throw new DeckhandError(code, `${file}: ${(error as Error).message}`, {
      cause: error,
      details: { file },
    });
  }
}
