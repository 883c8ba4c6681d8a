import type { ChatParameters } from '../core/chat.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import type { Surroundings } from '../core/task.ts';
import { outputFlags, type OutputFlags, toggle, value } from './flags.ts';
import { surroundingsOf } from './surroundings.ts';
import type { Terminal } from './terminal.ts';

/** Where the models are looked for. */
export interface ReachFlags extends OutputFlags {
  readonly sshConfig: string | undefined;
  readonly settings: string | undefined;
}

export const reachFlags = {
  ...outputFlags,
  sshConfig: value('OpenSSH client configuration to read instead of ~/.ssh/config', 'FILE'),
  settings: value('Settings file to read instead of the usual ones', 'FILE'),
} as const;

export interface ChatFlags extends ReachFlags {
  readonly model: string | undefined;
  readonly system: string | undefined;
  readonly preset: string | undefined;
  readonly temperature: string | undefined;
  readonly topP: string | undefined;
  readonly maxTokens: string | undefined;
  readonly seed: string | undefined;
  readonly continue: string | undefined;
  readonly forget: boolean;
}

export const chatFlags = {
  ...reachFlags,
  model: value('The model; all words are the question then', 'MODEL'),
  system: value('System prompt; wins over the one of the preset', 'TEXT'),
  preset: value('System prompt and parameters of this name in deckhand.yaml', 'NAME'),
  temperature: value('0 = always the likeliest; default the server decides', 'N'),
  topP: value('Only the likeliest tokens up to this sum of probabilities', 'N'),
  maxTokens: value('Longest answer, in tokens', 'N'),
  seed: value('The same seed gives the same answer where the server can', 'N'),
  continue: value('Go on with this conversation; `last` is the newest', 'ID'),
  forget: toggle('Keep nothing of it in the history'),
} as const;

export const chatAliases = { F: 'sshConfig', m: 'model' } as const;

/** Throws `input.invalid` naming the flag. */
export function parametersOf({ temperature, topP, maxTokens, seed }: ChatFlags): ChatParameters {
  return {
    ...(temperature === undefined ? {} : { temperature: numberOf('temperature', temperature) }),
    ...(topP === undefined ? {} : { topP: numberOf('top-p', topP) }),
    ...(maxTokens === undefined ? {} : { maxTokens: numberOf('max-tokens', maxTokens) }),
    ...(seed === undefined ? {} : { seed: numberOf('seed', seed) }),
  };
}

function numberOf(flag: string, text: string): number {
  if (/^\d{1,10}(\.\d{1,10})?$/.test(text)) return Number(text);
  throw new DeckhandError('input.invalid', `--${flag}: '${text}' is no number.`);
}

/** Where the command line stands. */
export function reachOf(
  { sshConfig, settings }: Pick<ReachFlags, 'sshConfig' | 'settings'>,
  terminal: Pick<Terminal, 'folder' | 'environment'>,
): Surroundings {
  const none = { timeout: undefined, idleTimeout: undefined, concurrency: undefined, outputLimit: undefined };
  return surroundingsOf({ sshConfig, settings, ...none }, terminal);
}
