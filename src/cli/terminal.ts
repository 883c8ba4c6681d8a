import { isatty } from 'node:tty';
import type { PersonLines } from './person-lines.ts';
import { type RawTerminal, takeTerminal } from './raw-terminal.ts';

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
  /** Gives the whole terminal to a program on a host; null when stdin and stdout are not both one. */
  readonly takeTerminal: (() => RawTerminal) | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where the command line was typed; absolute. */
  readonly folder: string;
}

/** The real process. */
export interface ProcessTerminal {
  readonly terminal: Terminal;
  /** Ends the process when what was written is out: pipes may still hold it. */
  readonly leave: (exitCode: number) => void;
}

/** A stream of the process is made when it is used: each takes some milliseconds, and many commands print nothing. */
export function processTerminal(): ProcessTerminal {
  let printed = false;
  const stdout = (): NodeJS.WriteStream => {
    // a reader such as `head` that left: the rest of the output has no one to go to
    if (!printed)
      process.stdout.on('error', (error: NodeJS.ErrnoException) => {
        process.exit(error.code === 'EPIPE' ? 0 : 1);
      });
    printed = true;
    return process.stdout;
  };
  const [stdinIsTerminal, stdoutIsTerminal, stderrIsTerminal] = [isatty(0), isatty(1), isatty(2)];
  const interactive = stdinIsTerminal && stderrIsTerminal;
  return {
    terminal: {
      stdout: outputOf(stdoutIsTerminal, stdout),
      stderr: outputOf(stderrIsTerminal, () => process.stderr),
      interactive,
      readStdin: async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
        return Buffer.concat(chunks);
      },
      openLines: interactive ? async () => (await import('./person-lines.ts')).readLines() : null,
      takeTerminal: stdinIsTerminal && stdoutIsTerminal ? takeTerminal : null,
      environment: process.env,
      folder: process.cwd(),
    },
    leave: exitCode => {
      if (printed) process.stdout.write('', () => process.exit(exitCode));
      else process.exit(exitCode);
    },
  };
}

function outputOf(isTerminal: boolean, stream: () => NodeJS.WriteStream): Output {
  return {
    isTerminal,
    columns: () => stream().columns || 80,
    rows: () => stream().rows || 24,
    write: data => {
      stream().write(data);
    },
  };
}
