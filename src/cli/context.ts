import type { CommandContext } from '@stricli/core';
import type { OpenDeckhand } from '../api/contract.ts';
import type { Asker } from './asker.ts';
import type { Terminal } from './terminal.ts';

/** What `demo` gets: it prepares hosts of its own and runs the command line against them. */
export interface DemoSurroundings {
  readonly signal: AbortSignal;
  /** Says something to the person, on stderr. */
  readonly say: (text: string) => void;
  /** Runs `deckhand` with these arguments in this process; gives its exit code. */
  readonly run: (inputs: readonly string[]) => Promise<number>;
}
/** Gives the exit code. */
export type RunDemo = (surroundings: DemoSurroundings) => Promise<number>;

/** What the entry point wires in; everything slow is behind a function. */
export interface CliSurroundings {
  readonly terminal: Terminal;
  readonly openEngine: OpenDeckhand;
  readonly runDemo: RunDemo;
  readonly version: () => Promise<string>;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** Null when nobody can be asked. */
  readonly asker: Asker | null;
}

/** What every command sees as `this`. */
export interface CliContext extends CommandContext {
  readonly surroundings: CliSurroundings;
  /** Says which exit code the process ends with. */
  readonly finish: (exitCode: number) => void;
  /** Runs another command line in this process; gives its exit code. */
  readonly run: (inputs: readonly string[]) => Promise<number>;
}
