import { readFile } from 'node:fs/promises';
import { DeckhandError } from '../../core/deckhand-error.ts';

/** A file with a secret alone, without the white space around it. Throws `notify.failed`. */
export async function readSecretFile(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new DeckhandError('notify.failed', `${file} cannot be read (${reason}).`, { cause: error });
  }
}
