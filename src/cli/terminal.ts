import type { PersonLines } from './person-lines.ts';

/** One output of this process: bytes go through untouched. */
export interface Output {
  readonly isTerminal: boolean;
  /** Characters per line; 80 where unknown. */
  readonly columns: () => number;
  /** Lines on the screen; 24 where unknown. */
  readonly rows: () => number;
  readonly write: (data: string | Uint8Array) => void;
}

/** What the command line needs of the process around it; an argument, so that tests can look. */
export interface Terminal {
  readonly stdout: Output;
  readonly stderr: Output;
  /** True when a person can be asked: stdin and stderr are both terminals. */
  readonly interactive: boolean;
  /** All of stdin, to its end. */
  readonly readStdin: () => Promise<Uint8Array>;
  /** Lines from a person; null when none is there. */
  readonly openLines: (() => Promise<PersonLines>) | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the command line was typed; absolute. */
  readonly folder: string;
}

/** The real process. */
export function processTerminal(): Terminal {
  return {
    stdout: outputOf(process.stdout),
    stderr: outputOf(process.stderr),
    interactive: process.stdin.isTTY && process.stderr.isTTY,
    readStdin: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks);
    },
    openLines:
      process.stdin.isTTY && process.stderr.isTTY
        ? async () => (await import('./person-lines.ts')).readLines()
        : null,
    environment: process.env,
    folder: process.cwd(),
  };
}

function outputOf(stream: NodeJS.WriteStream): Output {
  return {
    isTerminal: stream.isTTY,
    columns: () => stream.columns || 80,
    rows: () => stream.rows || 24,
    write: data => {
      stream.write(data);
    },
  };
}
