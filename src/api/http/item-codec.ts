import { DeckhandError } from '../../core/deckhand-error.ts';
import type { OutputPiece } from '../../core/task-event.ts';
import type { FollowItem, OutputPage, Submission } from '../task-api.ts';
import { fromBase64, toBase64 } from './base64.ts';

/**
 * How bytes travel in JSON, for both sides: base64. Everything else in the contract is JSON already.
 * This file is loaded by the client, in browsers too.
 */

export interface WirePiece extends Omit<OutputPiece, 'bytes'> {
  readonly bytes: string;
}
export type WireItem =
  | Exclude<FollowItem, { item: 'output' }>
  | (Omit<Extract<FollowItem, { item: 'output' }>, 'pieces'> & { readonly pieces: readonly WirePiece[] });
export interface WirePage {
  readonly pieces: readonly WirePiece[];
  readonly next: string | null;
}
export type WireSubmission = Omit<Submission, 'input'> & { readonly input?: string };

/** The bytes, or null when the text is not exactly what `toBase64` writes. */
export function strictBase64(text: string): Uint8Array | null {
  const bytes = fromBase64(text);
  // compared as a whole: a pattern over 20 MiB may exhaust the regular expression's stack
  return toBase64(bytes) === text ? bytes : null;
}

/** The same of what somebody sent in a field. Throws `input.invalid`. */
export function bytesOfField(text: string, field: string): Uint8Array {
  const bytes = strictBase64(text);
  if (bytes) return bytes;
  throw new DeckhandError('input.invalid', `${field}: is not base64.`, { details: { field } });
}

export function encodePieces(pieces: readonly OutputPiece[]): readonly WirePiece[] {
  return pieces.map(({ stream, at, bytes }) => ({ stream, at, bytes: toBase64(bytes) }));
}
function decodePieces(pieces: readonly WirePiece[]): readonly OutputPiece[] {
  return pieces.map(({ stream, at, bytes }) => ({ stream, at, bytes: fromBase64(bytes) }));
}

export function decodeItem(item: WireItem): FollowItem {
  return item.item === 'output' ? { ...item, pieces: decodePieces(item.pieces) } : item;
}

export function encodePage(page: OutputPage): WirePage {
  return { pieces: encodePieces(page.pieces), next: page.next };
}
export function decodePage(page: WirePage): OutputPage {
  return { pieces: decodePieces(page.pieces), next: page.next };
}

export function encodeSubmission(submission: Submission): WireSubmission {
  const { input, ...rest } = submission;
  return input === undefined ? rest : { ...rest, input: toBase64(input) };
}
