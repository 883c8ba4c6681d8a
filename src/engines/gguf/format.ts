/** What the header of a GGUF file says: its values by key and its tensors by size. */
export interface GgufHeader {
  readonly version: number;
  /** Scalars and short arrays of numbers; of other arrays only the length. */
  readonly values: ReadonlyMap<string, GgufValue>;
  readonly tensors: number;
  /** Bytes of all tensors, alignment not counted. */
  readonly tensorBytes: number;
  /** Where the tensors begin. */
  readonly dataOffset: number;
  /** Bytes the whole file must have at least. */
  readonly fileBytes: number;
}

export type GgufValue = string | number | boolean | readonly number[] | { readonly length: number };

/** Quantised rows are made of blocks: elements of a block, and its bytes. */
interface Block {
  readonly elements: number;
  readonly bytes: number;
}

const block = (elements: number, bytes: number): Block => ({ elements, bytes });

/** Of each type of tensor by its number in ggml.h; types that came later are not known here. */
export const BLOCKS: ReadonlyMap<number, Block> = new Map([
  [0, block(1, 4)],
  [1, block(1, 2)],
  [2, block(32, 18)],
  [3, block(32, 20)],
  [6, block(32, 22)],
  [7, block(32, 24)],
  [8, block(32, 34)],
  [9, block(32, 36)],
  [10, block(256, 84)],
  [11, block(256, 110)],
  [12, block(256, 144)],
  [13, block(256, 176)],
  [14, block(256, 210)],
  [15, block(256, 292)],
  [16, block(256, 66)],
  [17, block(256, 74)],
  [18, block(256, 98)],
  [19, block(256, 50)],
  [20, block(32, 18)],
  [21, block(256, 110)],
  [22, block(256, 82)],
  [23, block(256, 136)],
  [24, block(1, 1)],
  [25, block(1, 2)],
  [26, block(1, 4)],
  [27, block(1, 8)],
  [28, block(1, 8)],
  [29, block(256, 56)],
  [30, block(1, 2)],
  [34, block(256, 54)],
  [35, block(256, 66)],
  [39, block(32, 17)],
]);

/** Bytes of a scalar by its number in the format; strings (8) and arrays (9) have none. */
export const SCALAR_BYTES: ReadonlyMap<number, number> = new Map([
  [0, 1],
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 4],
  [5, 4],
  [6, 4],
  [7, 1],
  [10, 8],
  [11, 8],
  [12, 8],
]);
export const STRING = 8;
export const ARRAY = 9;

/** What a file is that should be a model, told by its first bytes; null = it begins as GGUF does. */
export function whatItIsInstead(first: Uint8Array): string | null {
  const start = Buffer.from(first.subarray(0, 512)).toString('latin1');
  if (start.startsWith('GGUF')) return null;
  if (start === '') return 'it is empty';
  if (start.startsWith('version https://git-lfs'))
    return 'it is a Git LFS pointer: the model itself was not fetched (git lfs pull)';
  if (/^\s*(<!doctype html|<html|<head|<\?xml)/i.test(start))
    return 'it is a web page: the address of the download led to a page, not to the file';
  if (/^\s*\{/.test(start)) return 'it is JSON, most likely the error message of a download';
  if (start.startsWith('PK\u0003\u0004')) return 'it is a ZIP archive: a PyTorch model, or an archive of one';
  if (start.startsWith('FUGG')) return 'it is a GGUF model for machines of the other byte order';
  if (/^(ggml|ggjt|ggla|lmgg|tjgg)/.test(start)) return 'it is a model in a format before GGUF';
  const bytes = [...first.subarray(0, 4)].map(byte => byte.toString(16).padStart(2, '0')).join(' ');
  return `its first bytes are ${bytes}, not 'GGUF'`;
}
