import type { FileHandle } from 'node:fs/promises';

/** Zeros of this many bytes are left out of a sparse file. */
export const HOLE = 64 * 1024;
/** Runs that are worth a command of their own each. */
const MOST_RUNS = 50;

export interface DataRun {
  readonly offset: number;
  readonly length: number;
}

/** The parts of a sparse file, from `start` on in steps of `HOLE`, that hold more than zeros. */
export async function* dataRuns(file: FileHandle, start: number, size: number): AsyncGenerator<DataRun> {
  const block = Buffer.allocUnsafeSlow(HOLE);
  let from = -1;
  for (let offset = start; offset < size; offset += HOLE) {
    const { bytesRead } = await file.read(block, 0, HOLE, offset);
    const isHole = isZero(block.subarray(0, bytesRead));
    if (!isHole && from < 0) from = offset;
    if (isHole && from >= 0) {
      yield { offset: from, length: offset - from };
      from = -1;
    }
    if (bytesRead === 0) break;
  }
  if (from >= 0) yield { offset: from, length: size - from };
}

/** The same as few runs: the narrowest holes between them are written as zeros. */
export async function fewRuns(file: FileHandle, start: number, size: number): Promise<readonly DataRun[]> {
  let runs: DataRun[] = [];
  for await (const run of dataRuns(file, start, size)) runs.push(run);
  for (let width = 2 * HOLE; runs.length > MOST_RUNS; width *= 2) runs = joined(runs, width);
  return runs;
}

function joined(runs: readonly DataRun[], width: number): DataRun[] {
  const result: DataRun[] = [];
  for (const run of runs) {
    const last = result.at(-1);
    if (last !== undefined && run.offset - (last.offset + last.length) < width)
      result[result.length - 1] = { offset: last.offset, length: run.offset + run.length - last.offset };
    else result.push(run);
  }
  return result;
}

const ZEROS = Buffer.alloc(256 * 1024);
/** At most 256 KiB. */
export function isZero(bytes: Uint8Array): boolean {
  return ZEROS.subarray(0, bytes.length).compare(bytes) === 0;
}
