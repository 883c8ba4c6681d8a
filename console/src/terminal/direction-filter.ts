/** Longest mark, in bytes, less one. */
const LONGEST_REST = 2;

/**
 * Output of a terminal without the marks that turn the direction of writing: with them a host can show a line other than
 * it is. They have no width, so that everything else stays in its place. Bytes in, bytes out; a mark may be cut in two.
 */
export class DirectionFilter {
  #rest: Uint8Array = new Uint8Array();

  take(bytes: Uint8Array): Uint8Array {
    if (this.#rest.length === 0 && !bytes.includes(0xe2) && !bytes.includes(0xd8)) return bytes;
    const all = new Uint8Array([...this.#rest, ...bytes]);
    const kept = new Uint8Array(all.length);
    let length = 0;
    let place = 0;
    while (place < all.length) {
      const mark = markAt(all, place);
      if (mark === null) break;
      if (mark === 0) {
        kept[length] = all[place] ?? 0;
        length += 1;
        place += 1;
      } else place += mark;
    }
    this.#rest = all.slice(place);
    return kept.subarray(0, length);
  }
}

/** Bytes of the mark that begins here; 0: there is none; null: what follows will tell. */
function markAt(bytes: Uint8Array, place: number): number | null {
  const [first, second, third] = bytes.subarray(place, place + LONGEST_REST + 1);
  if (first === 0xd8) return second === undefined ? null : second === 0x9c ? 2 : 0;
  if (first !== 0xe2) return 0;
  if (second === undefined) return null;
  if (second !== 0x80 && second !== 0x81) return 0;
  if (third === undefined) return null;
  const isMark =
    second === 0x80
      ? third === 0x8e || third === 0x8f || (third >= 0xaa && third <= 0xae)
      : third >= 0xa6 && third <= 0xa9;
  return isMark ? 3 : 0;
}
