import { DeckhandError } from '../../core/deckhand-error.ts';
import { sanitiseText } from '../../core/untrusted.ts';
import { ARRAY, BLOCKS, type GgufHeader, type GgufValue, SCALAR_BYTES, STRING } from './format.ts';

/** More than any model has; a header that says more is not believed. */
const MOST_VALUES = 65_536;
const MOST_TENSORS = 262_144;
const MOST_DIMENSIONS = 8;
const LONGEST_KEY = 65_535;
/** Numbers of an array that are kept; of longer ones only the length is. */
const KEPT_NUMBERS = 1024;
/** Characters of a text that are kept. */
const KEPT_TEXT = 64 * 1024;
const DEFAULT_ALIGNMENT = 32;

/** The header goes on beyond the bytes that were given: read more and parse again. */
export class NeedsMore extends Error {}

/**
 * The header of a GGUF file of version 2 or 3 from its first bytes. Nothing in it is believed before it was
 * seen to fit: no size makes it read or keep more than the bytes given. Throws `NeedsMore`, `model.not-gguf`.
 */
export function parseHeader(bytes: Uint8Array): GgufHeader {
  const reader = new Reader(bytes);
  reader.skip(4);
  const version = reader.u32();
  if (version !== 2 && version !== 3) throw broken(`version ${version} of the format is not known`);
  const tensors = reader.count('tensors', MOST_TENSORS);
  const count = reader.count('values', MOST_VALUES);
  const values = new Map<string, GgufValue>();
  for (let index = 0; index < count; index += 1) {
    const key = reader.text(LONGEST_KEY);
    values.set(sanitiseText(key), readValue(reader, reader.u32(), 0));
  }
  const alignment = values.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 20 || alignment % 1 !== 0)
    throw broken('its alignment is out of range');
  const sizes = readTensors(reader, tensors);
  const dataOffset = Math.ceil(reader.position / alignment) * alignment;
  return {
    version,
    values,
    tensors,
    tensorBytes: sizes.bytes,
    dataOffset,
    fileBytes: tensors === 0 ? reader.position : dataOffset + sizes.end,
  };
}

function readTensors(reader: Reader, count: number): { readonly bytes: number; readonly end: number } {
  let bytes = 0;
  let end = 0;
  for (let index = 0; index < count; index += 1) {
    reader.text(LONGEST_KEY);
    const dimensions = reader.u32();
    if (dimensions > MOST_DIMENSIONS) throw broken(`a tensor has ${dimensions} dimensions`);
    let elements = 1;
    for (let dimension = 0; dimension < dimensions; dimension += 1) elements *= reader.u64();
    const kind = BLOCKS.get(reader.u32());
    const offset = reader.u64();
    const size = kind === undefined ? 0 : Math.ceil(elements / kind.elements) * kind.bytes;
    if (!Number.isSafeInteger(size) || !Number.isSafeInteger(offset + size))
      throw broken('a tensor is larger than any file');
    bytes += size;
    end = Math.max(end, offset + size);
  }
  if (!Number.isSafeInteger(bytes)) throw broken('its tensors are larger than any file');
  return { bytes, end };
}

function readValue(reader: Reader, type: number, depth: number): GgufValue {
  if (type === STRING) return sanitiseText(reader.text(Number.MAX_SAFE_INTEGER));
  if (type !== ARRAY) return reader.scalar(type);
  if (depth > 2) throw broken('arrays lie too deep in each other');
  const inner = reader.u32();
  const length = reader.u64();
  const width = SCALAR_BYTES.get(inner);
  if (width !== undefined) {
    if (length > KEPT_NUMBERS) {
      reader.skip(length * width);
      return { length };
    }
    return Array.from({ length }, () => Number(reader.scalar(inner)));
  }
  if (inner !== STRING && inner !== ARRAY) throw broken(`a value has the unknown type ${inner}`);
  for (let index = 0; index < length; index += 1) {
    if (inner === STRING) reader.skip(reader.u64());
    else readValue(reader, ARRAY, depth + 1);
  }
  return { length };
}

class Reader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  skip(length: number): void {
    this.position = this.#take(length) + length;
  }

  u32(): number {
    const at = this.#take(4);
    this.position += 4;
    return this.#view.getUint32(at, true);
  }

  u64(): number {
    const at = this.#take(8);
    this.position += 8;
    const value = this.#view.getBigUint64(at, true);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw broken('a size in it is larger than any file');
    return Number(value);
  }

  count(what: string, most: number): number {
    const value = this.u64();
    if (value > most) throw broken(`it claims ${value} ${what}`);
    return value;
  }

  text(longest: number): string {
    const length = this.u64();
    if (length > longest) throw broken(`a name in it claims ${length} bytes`);
    const at = this.#take(length);
    this.position += length;
    return Buffer.from(this.#bytes.subarray(at, at + Math.min(length, KEPT_TEXT))).toString('utf8');
  }

  scalar(type: number): number | boolean {
    const width = SCALAR_BYTES.get(type);
    if (width === undefined) throw broken(`a value has the unknown type ${type}`);
    const at = this.#take(width);
    this.position += width;
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(at);
      case 1:
        return view.getInt8(at);
      case 2:
        return view.getUint16(at, true);
      case 3:
        return view.getInt16(at, true);
      case 4:
        return view.getUint32(at, true);
      case 5:
        return view.getInt32(at, true);
      case 6:
        return view.getFloat32(at, true);
      case 7:
        return view.getUint8(at) !== 0;
      case 10:
        return Number(view.getBigUint64(at, true));
      case 11:
        return Number(view.getBigInt64(at, true));
      default:
        return view.getFloat64(at, true);
    }
  }

  #take(length: number): number {
    if (length > this.#view.byteLength - this.position) throw new NeedsMore();
    return this.position;
  }
}

function broken(text: string): DeckhandError {
  return new DeckhandError('model.not-gguf', `It begins as a GGUF model does, but ${text}.`);
}
