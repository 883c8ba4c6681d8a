/**
 * An address as `/proc/net/tcp` and `tcp6` write it, 8 or 32 hexadecimal digits, as people do. The kernel prints each
 * 32-bit word in host order, which is little endian wherever Linux servers run.
 */
export function kernelAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap(wordBytes);
  if (bytes.length === 4) return bytes.join('.');
  const mapped = bytes.slice(0, 10).every(byte => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (mapped) return bytes.slice(12).join('.');
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}

function wordBytes(word: string): number[] {
  return [6, 4, 2, 0].map(offset => Number.parseInt(word.slice(offset, offset + 2), 16));
}
