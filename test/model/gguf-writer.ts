import type { Tensor } from './tiny-model.ts';

export type GgufEntry =
  | readonly [key: string, type: 'string', value: string]
  | readonly [key: string, type: 'u32' | 'f32', value: number]
  | readonly [key: string, type: 'boolean', value: boolean]
  | readonly [key: string, type: 'strings', value: readonly string[]]
  | readonly [key: string, type: 'f32s' | 'i32s', value: readonly number[]];

const ALIGNMENT = 32;
/** Numbers of types in the format. */
const TYPES = { u32: 4, i32: 5, f32: 6, boolean: 7, string: 8, array: 9 } as const;

/** A GGUF file of version 3. */
export function writeGguf(entries: readonly GgufEntry[], tensors: readonly Tensor[]): Buffer {
  const parts: Buffer[] = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(entries.length)];
  for (const entry of entries) parts.push(text(entry[0]), encode(entry));
  let offset = 0;
  for (const { name, dimensions, isWide, data } of tensors) {
    parts.push(text(name), u32(dimensions.length), ...dimensions.map(u64), u32(isWide ? 0 : 1), u64(offset));
    offset += data.length + padding(data.length);
  }
  const header = parts.reduce((sum, part) => sum + part.length, 0);
  parts.push(Buffer.alloc(padding(header)));
  for (const { data } of tensors) parts.push(data, Buffer.alloc(padding(data.length)));
  return Buffer.concat(parts);
}

function encode(entry: GgufEntry): Buffer {
  const [, type, value] = entry;
  switch (type) {
    case 'string':
      return Buffer.concat([u32(TYPES.string), text(value)]);
    case 'u32':
      return Buffer.concat([u32(TYPES.u32), u32(value)]);
    case 'f32':
      return Buffer.concat([u32(TYPES.f32), f32(value)]);
    case 'boolean':
      return Buffer.concat([u32(TYPES.boolean), Buffer.from([value ? 1 : 0])]);
    case 'strings':
      return array(TYPES.string, value.map(text));
    case 'f32s':
      return array(TYPES.f32, value.map(f32));
    case 'i32s':
      return array(TYPES.i32, value.map(u32));
  }
}

function array(type: number, items: readonly Buffer[]): Buffer {
  return Buffer.concat([u32(TYPES.array), u32(type), u64(items.length), ...items]);
}

function padding(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
}
function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const scratch = new Float32Array(1);
const scratchBits = new Uint32Array(scratch.buffer);
/** The bits of a number in half precision; too small ones become zero. */
export function half(value: number): number {
  scratch[0] = value;
  const bits = scratchBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 0xff) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent <= 0) return sign;
  if (exponent >= 31) return sign | 0x7c00;
  return sign | ((exponent << 10) + (fraction >>> 13) + ((fraction >>> 12) & 1));
}
