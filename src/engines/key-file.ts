import { open } from 'node:fs/promises';
import { DeckhandError } from '../core/deckhand-error.ts';

/** Bytes: far longer than any key. */
const LONGEST = 8192;

/**
 * The key in a file of this machine, read anew whenever it is needed. Throws `local.file-missing` and `input.invalid`;
 * what is in the file is in no message.
 */
export async function keyFrom(path: string): Promise<string> {
  const text = await firstBytes(path).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw new DeckhandError('local.file-missing', `The key file '${path}' cannot be read: ${code}.`, {
      details: { path },
    });
  });
  const key = text.trim();
  if (/^[\u0021-\u007e]{1,4096}$/.test(key)) return key;
  throw new DeckhandError('input.invalid', `The key file '${path}' has more or less in it than one key.`, {
    hint: 'Write the key alone into it, on one line.',
    details: { path },
  });
}

async function firstBytes(path: string): Promise<string> {
  await using file = await open(path, 'r');
  const bytes = Buffer.alloc(LONGEST);
  const { bytesRead } = await file.read(bytes, 0, LONGEST, 0);
  return bytes.toString('utf8', 0, bytesRead);
}
