import { buildCommand } from '@stricli/core';
import type { CliContext } from '../context.ts';
import { reportErrors } from '../report-errors.ts';

/** `deckhand demo`. */
export const demoCommand = buildCommand({
  docs: {
    brief: 'Try Deckhand on throwaway hosts on this machine',
    fullDescription: `Example:
  deckhand demo`,
  },
  parameters: {},
  async func(this: CliContext) {
    const { surroundings } = this;
    await reportErrors(this, { json: false, jsonl: false }, () =>
      surroundings.runDemo({
        signal: surroundings.signal,
        say: text => surroundings.terminal.stderr.write(`${text}\n`),
        run: this.run,
      }),
    );
  },
});
