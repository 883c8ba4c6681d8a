/** Source of random bytes, an argument so that tests can repeat a run. */
export type RandomBytes = (length: number) => Uint8Array;

const systemRandom: RandomBytes = length => crypto.getRandomValues(new Uint8Array(length));

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * An id that sorts by time: prefix, 9 characters of milliseconds, 10 random ones (50 bits),
 * e.g. `run-01kf3m2x9q4v8w2t7n0`. Letters are Crockford base 32, lower case: safe in paths and shells.
 */
export function newId(prefix: string, now: number, random: RandomBytes = systemRandom): string {
  let time = '';
  let rest = now;
  for (let index = 0; index < 9; index += 1) {
    time = ALPHABET.charAt(rest % 32) + time;
    rest = Math.floor(rest / 32);
  }
  const tail = Array.from(random(10), byte => ALPHABET.charAt(byte % 32)).join('');
  return `${prefix}-${time}${tail}`;
}
