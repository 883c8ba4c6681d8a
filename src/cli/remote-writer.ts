import { sanitiseText } from '../core/untrusted.ts';
import type { Output } from './terminal.ts';

/** Longest unfinished escape sequence that is held back between two pieces of output. */
const MOST_HELD = 256;

/** Writes the output of one remote command as it arrives. */
export interface RemoteWriter {
  write(bytes: Uint8Array): void;
  /** Writes what was held back. */
  end(): void;
  /** Bytes given so far. */
  readonly written: () => number;
}

/** To a pipe or file the bytes go through untouched; on a terminal they are sanitised piece by piece. */
export function remoteWriter(output: Output): RemoteWriter {
  return output.isTerminal ? sanitisingWriter(output) : rawWriter(output);
}

function rawWriter(output: Output): RemoteWriter {
  let written = 0;
  return {
    write(bytes) {
      written += bytes.length;
      output.write(bytes);
    },
    end() {},
    written: () => written,
  };
}

function sanitisingWriter(output: Output): RemoteWriter {
  const decoder = new TextDecoder();
  let held = '';
  let written = 0;
  const show = (text: string): void => {
    // a bare carriage return (progress bars) starts a new line instead of overwriting ours
    if (text !== '') output.write(sanitiseText(text.replaceAll(/\r(?!\n)/g, '\n')));
  };
  return {
    write(bytes) {
      written += bytes.length;
      const text = held + decoder.decode(bytes, { stream: true });
      const border = safeBorder(text);
      held = text.slice(border);
      show(text.slice(0, border));
    },
    end() {
      show(held + decoder.decode());
      held = '';
    },
    written: () => written,
  };
}

/** Where the text can be cut without splitting `\r\n` or an escape sequence. */
function safeBorder(text: string): number {
  const escape = text.lastIndexOf('\u001b');
  if (escape >= 0 && text.length - escape < MOST_HELD && isUnfinished(text.slice(escape))) return escape;
  return text.endsWith('\r') ? text.length - 1 : text.length;
}

function isUnfinished(sequence: string): boolean {
  const kind = sequence[1];
  if (kind === undefined) return true;
  // oxlint-disable-next-line no-control-regex -- the grammar of escape sequences
  if (kind === '[') return !/[@-~]/.test(sequence.slice(2));
  // oxlint-disable-next-line no-control-regex -- the grammar of escape sequences
  return ']PX^_'.includes(kind) && !/\u0007|\u001b\\/.test(sequence.slice(2));
}
