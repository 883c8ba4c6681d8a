import type { ErrorRecord, LinePage, OutputLine } from 'deckhand/client';

/** Lines that are shown of what a task said before it failed. */
export const LAST_LINES = 20;

/** What was said last, without the empty lines around it. Pure. */
export function lastWords({ lines }: Pick<LinePage, 'lines'>): readonly OutputLine[] {
  const isSaid = ({ text }: OutputLine): boolean => text.trim() !== '';
  const first = lines.findIndex(isSaid);
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex(isSaid) + 1);
}

/** What the agent may be asked for when something failed on a server; null where a person must act first. Pure. */
export function repairRequest({ code }: Pick<ErrorRecord, 'code'>, command: string | null): string | null {
  if (!/^(command\.(failed|killed)|plan\.)/.test(code) || command === null) return null;
  return `find out why this fails, and repair it: ${command.slice(0, MOST_OF_COMMAND)}`;
}

const MOST_OF_COMMAND = 2000;
