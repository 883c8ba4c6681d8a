import { type ParsedScript, parse } from 'unbash';
import { hiddenCharacter } from './hidden-characters.ts';
import { readSequence } from './read-nodes.ts';
import type { ShellScript } from './shell-tree.ts';

/** Bytes of UTF-8. Longer scripts are not read. */
export const LONGEST_SCRIPT = 64 * 1024;
const DEEPEST = 40;

/** Collects what makes a reading unreliable, over all scripts nested in one text. */
export interface ScriptReader {
  readonly source: string;
  /** Something that dash and bash read differently, or that cannot be read before it runs. */
  readonly fault: (what: string) => void;
  readonly nested: (script: ParsedScript | undefined) => ShellScript;
}

/**
 * Reads a shell text. Never throws: what cannot be read, or is read differently by dash and bash, is in `faults`,
 * together with whatever tree there is.
 */
export function readShell(text: string): ShellScript {
  const refused = refusal(text);
  if (refused !== null) return nothing(text, refused);
  const faults = new Set<string>();
  try {
    return readParsed(parse(text), text, faults, 0);
  } catch (error) {
    return nothing(text, `it cannot be read (${error instanceof Error ? error.name : 'error'})`);
  }
}

function refusal(text: string): string | null {
  if (Buffer.byteLength(text) > LONGEST_SCRIPT) return `it is longer than ${LONGEST_SCRIPT} bytes`;
  const hidden = hiddenCharacter(text);
  return hidden === null ? null : `it has the hidden character ${hidden}`;
}

function nothing(text: string, fault: string): ShellScript {
  return { body: { kind: 'sequence', start: 0, end: text.length, text, items: [] }, faults: [fault] };
}

function readParsed(
  script: ParsedScript | undefined,
  source: string,
  faults: Set<string>,
  depth: number,
): ShellScript {
  if (!script) return nothing('', unread(faults, 'a substitution that was not understood'));
  if (depth > DEEPEST) return nothing('', unread(faults, 'substitutions nested too deeply'));
  for (const { message } of script.errors ?? []) faults.add(`it does not parse: ${message}`);
  const text = script.source ?? source;
  const reader: ScriptReader = {
    source: text,
    fault: what => void faults.add(what),
    nested: inner => readParsed(inner, text, faults, depth + 1),
  };
  const body = readSequence(script.commands, script, reader);
  return {
    body,
    get faults() {
      return [...faults];
    },
  };
}

function unread(faults: Set<string>, fault: string): string {
  faults.add(fault);
  return fault;
}
