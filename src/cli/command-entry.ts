import type { Command } from '@stricli/core';
import type { CliContext } from './context.ts';

/** A command as listings show it; its module is loaded when the command line names it. */
export interface CommandEntry {
  /** The same words as in the command itself; a test keeps the two equal. */
  readonly brief: string;
  readonly load: () => Promise<Command<CliContext>>;
}
/** Commands under one word. */
export interface CommandGroup {
  readonly brief: string;
  readonly commands: Readonly<Record<string, CommandEntry>>;
  /** The command that is meant when the next word is none of them. */
  readonly otherwise?: string | undefined;
}

/** An entry in one line. */
export function command(brief: string, load: CommandEntry['load']): CommandEntry {
  return { brief, load };
}
