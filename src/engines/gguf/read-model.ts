import { type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import { DeckhandError } from '../../core/deckhand-error.ts';
import { type GgufHeader, whatItIsInstead } from './format.ts';
import { NeedsMore, parseHeader } from './parse-header.ts';

/** Bytes read at first; doubled while the header goes on. Vocabularies of large models take some megabytes. */
const FIRST_READ = 256 * 1024;
const LONGEST_HEADER = 256 * 1024 * 1024;

export interface ModelFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly header: GgufHeader;
}

/**
 * The header of a model file here, checked against the file's length. Throws `local.file-missing`,
 * `model.not-gguf` (what it is instead is in the message), `model.truncated` (with both lengths).
 */
export async function readModel(path: string): Promise<ModelFile> {
  await using file = await openFile(path);
  const status = await file.stat();
  if (!status.isFile()) throw missing(path, 'is no file');
  const header = await readHeader(file, path, status.size);
  if (status.size < header.fileBytes)
    throw new DeckhandError(
      'model.truncated',
      `${basename(path)} has ${status.size} bytes, and its header says ${header.fileBytes}.`,
      { details: { path, bytes: status.size, expected: header.fileBytes } },
    );
  return { path, size: status.size, header };
}

async function readHeader(file: FileHandle, path: string, size: number): Promise<GgufHeader> {
  for (let length = FIRST_READ; ; length *= 4) {
    const wanted = Math.min(length, size);
    const bytes = Buffer.alloc(wanted);
    const { bytesRead } = await file.read(bytes, 0, wanted, 0);
    const given = bytes.subarray(0, bytesRead);
    const instead = whatItIsInstead(given);
    if (instead !== null)
      throw new DeckhandError('model.not-gguf', `${basename(path)} is no model: ${instead}.`, {
        details: { path },
      });
    try {
      return parseHeader(given);
    } catch (error) {
      if (!(error instanceof NeedsMore)) throw named(error, path);
      if (bytesRead === size || length > LONGEST_HEADER)
        throw new DeckhandError(
          'model.truncated',
          `${basename(path)} ends within its header, after ${bytesRead} bytes.`,
          { details: { path, bytes: bytesRead } },
        );
    }
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw missing(path, `cannot be read: ${(error as NodeJS.ErrnoException).code ?? ''}`, error);
  }
}

function missing(path: string, text: string, cause?: unknown): DeckhandError {
  return new DeckhandError('local.file-missing', `'${path}' ${text}.`, { cause, details: { path } });
}

function named(error: unknown, path: string): unknown {
  if (!(error instanceof DeckhandError)) return error;
  return new DeckhandError(error.code, `${basename(path)}: ${error.message}`, { details: { path } });
}
