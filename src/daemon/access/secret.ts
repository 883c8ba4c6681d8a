import { createHash, randomBytes } from 'node:crypto';

/** 256 bits that nobody guesses, as text that fits into an address, a cookie and a header. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a secret. It has 256 bits of chance, so that a slow hash would add nothing. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
