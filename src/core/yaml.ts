import { parseDocument, LineCounter } from 'yaml';
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
        const node = document.getIn(path.slice(0, depth), true) as
          | { range?: [number, number, number] }
          | undefined;
        if (node?.range) return lines.linePos(node.range[0]).line;
      }
      return 1;
    },
  };
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
