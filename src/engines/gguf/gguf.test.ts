import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTinyModel } from '../../../test/model/tiny-model.ts';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { contextFor, estimateMemory, shapeOf } from './estimate.ts';
import { NeedsMore, parseHeader } from './parse-header.ts';
import { readModel } from './read-model.ts';

const model = makeTinyModel();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gguf-'));
});
afterAll(async () => await rm(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array): Promise<{ readonly code: string; readonly message: string }> {
  const path = join(folder, 'model.gguf');
  await writeFile(path, bytes);
  return await readModel(path).then(
    () => ({ code: 'ok', message: '' }),
    (error: unknown) => {
      if (error instanceof DeckhandError) return { code: error.code, message: error.message };
      throw error;
    },
  );
}

/** The length of the tensors in the tiny model, by the engine's own word. */
const TENSOR_BYTES = 153_856;

describe('the header of a model', () => {
  it('says what it is', () => {
    const header = parseHeader(model);
    expect(shapeOf(header)).toEqual({
      architecture: 'llama',
      name: 'deckhand-tiny',
      layers: 1,
      trainedContext: 2048,
      embedding: 64,
      feedForward: 64,
      vocabulary: 374,
      keyValues: 128,
      hasChatTemplate: true,
    });
    expect(header.tensorBytes).toBe(TENSOR_BYTES);
    expect(header.fileBytes).toBe(model.length);
  });

  it('is enough to know the memory, as the engine itself counts it', () => {
    // from the log of llama-server b11669: model, KV and compute buffers in MiB, each rounded
    const measured = [
      { options: {}, context: 1024, mebibytes: [0.15, 0.25, 1.89] },
      { options: {}, context: 4096, mebibytes: [0.15, 1, 4.89] },
      {
        options: { dimension: 512, feedForward: 2048, heads: 8 },
        context: 1024,
        mebibytes: [null, 2, 18.02],
      },
    ];
    for (const { options, context, mebibytes } of measured) {
      const found = estimateMemory(parseHeader(makeTinyModel(options)), context);
      const [weights, kept, compute] = mebibytes.map(value => (value ?? 0) * 1024 * 1024);
      if (weights) expect(Math.abs(found.model - weights)).toBeLessThan(10_000);
      expect(found.context).toBe(kept);
      expect(Math.abs(found.compute - (compute ?? 0))).toBeLessThan((compute ?? 0) * 0.06);
    }
  });

  it('limits the context that nobody asked for', () => {
    const shape = shapeOf(parseHeader(makeTinyModel({ context: 131_072 })));
    expect(contextFor(shape, undefined)).toBe(8192);
    expect(contextFor(shape, 131_072)).toBe(131_072);
    expect(contextFor({ ...shape, trainedContext: 0 }, undefined)).toBe(8192);
  });
});

describe('a file that is no model', () => {
  it('is called what it is', async () => {
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n';
    expect(await read(Buffer.from(pointer))).toMatchObject({
      code: 'model.not-gguf',
      message: expect.stringContaining('Git LFS pointer') as string,
    });
    expect((await read(Buffer.from('<!DOCTYPE html><html>'))).message).toContain('web page');
    expect((await read(Buffer.from('{"error":"not found"}'))).message).toContain('JSON');
    expect((await read(Buffer.alloc(0))).message).toContain('empty');
    expect((await read(Buffer.alloc(64))).message).toContain('00 00 00 00');
  });

  it('or is cut off, is told with both lengths', async () => {
    expect((await read(model)).code).toBe('ok');
    expect(await read(model.subarray(0, model.length - 1))).toEqual({
      code: 'model.truncated',
      message: `model.gguf has ${model.length - 1} bytes, and its header says ${model.length}.`,
    });
    expect((await read(model.subarray(0, 300))).code).toBe('model.truncated');
    expect((await read(model.subarray(0, 5))).code).toBe('model.truncated');
  });

  it('does no harm, whatever it says', () => {
    const header = model.subarray(0, 12_000);
    const changes = fc.array(fc.tuple(fc.nat(header.length - 1), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(changes, list => {
        const bytes = Buffer.from(header);
        for (const [at, value] of list) bytes[at] = value;
        expectOrderly(bytes);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), rest => {
        expectOrderly(Buffer.concat([Buffer.from('GGUF'), Buffer.from([3, 0, 0, 0]), rest]));
      }),
      { numRuns: 300 },
    );
  });

  it('cannot claim more than it has', () => {
    const huge = Buffer.concat([Buffer.from('GGUF\u0003\0\0\0'), Buffer.alloc(16, 255)]);
    expect(() => parseHeader(huge)).toThrow(/larger than any file/);
    const many = Buffer.from(model);
    many.writeBigUInt64LE(1n << 40n, 16);
    expect(() => parseHeader(many)).toThrow(/claims 1099511627776 values/);
  });
});

/** Either a header, or one of the two words that say why not. */
function expectOrderly(bytes: Uint8Array): void {
  try {
    const header = parseHeader(bytes);
    expect(Number.isSafeInteger(header.fileBytes)).toBe(true);
    expect(Number.isFinite(estimateMemory(header, 4096).total)).toBe(true);
  } catch (error) {
    if (error instanceof NeedsMore) return;
    expect(error).toMatchObject({ code: 'model.not-gguf' });
  }
}
