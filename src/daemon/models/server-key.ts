import { DeckhandError } from '../../core/deckhand-error.ts';
import { keyFrom } from '../../engines/key-file.ts';

/** Where a server's key is; both absent: it has none. */
export interface KeyPlace {
  readonly keyFile?: string | undefined;
  /** A variable of this process's environment. */
  readonly keyEnvironment?: string | undefined;
}

/**
 * The key, read anew at each call. Throws `local.file-missing`, `input.invalid` and, for a variable that is not set,
 * `settings.invalid`; the key itself is in no message.
 */
export async function serverKey(
  server: string,
  { keyFile, keyEnvironment }: KeyPlace,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  if (keyFile !== undefined) return await keyFrom(keyFile);
  if (keyEnvironment === undefined) return undefined;
  const key = environment[keyEnvironment]?.trim();
  if (key) return key;
  throw new DeckhandError(
    'settings.invalid',
    `${server}: its key should be in the variable ${keyEnvironment}, and the daemon's environment has none of this name.`,
    {
      details: { server, variable: keyEnvironment },
      hint: `Stop the daemon (deckhand daemon stop) and start it where ${keyEnvironment} is set, or use keyFile.`,
    },
  );
}

/** For people. */
export function keySource({ keyFile, keyEnvironment }: KeyPlace): string | null {
  if (keyFile !== undefined) return `the key file ${keyFile}`;
  return keyEnvironment === undefined ? null : `the variable ${keyEnvironment}`;
}
