import { styleText } from 'node:util';
import type { Output, Terminal } from './terminal.ts';

type Paint = (text: string) => string;

/** Colours by meaning. Without colour every function gives its text back unchanged. */
export interface Style {
  readonly strong: Paint;
  readonly faint: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warning: Paint;
  readonly accent: Paint;
}

/** Colours for this output: a terminal, no `NO_COLOR`, `TERM` not `dumb`; `FORCE_COLOR` wins. */
export function styleFor(output: Output, environment: Terminal['environment']): Style {
  return makeStyle(wantsColour(output.isTerminal, environment));
}

/** The decision alone: see https://no-color.org (any non-empty value switches colour off). */
export function wantsColour(isTerminal: boolean, environment: Terminal['environment']): boolean {
  if (environment['NO_COLOR']) return false;
  const forced = environment['FORCE_COLOR'];
  if (forced !== undefined && forced !== '') return forced !== '0';
  return isTerminal && environment['TERM'] !== 'dumb';
}

/** Colours on or off. */
export function makeStyle(colour: boolean): Style {
  const paint =
    (format: Parameters<typeof styleText>[0]): Paint =>
    text =>
      colour && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return {
    strong: paint('bold'),
    faint: paint('dim'),
    good: paint('green'),
    bad: paint('red'),
    warning: paint('yellow'),
    accent: paint('cyan'),
  };
}
