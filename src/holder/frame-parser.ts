import type { OutputStream } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';
import { type Offsets, type RunState, START, signalName } from './run-state.ts';

/** One piece of the holder's answer. */
export type Frame =
  | { readonly kind: 'need-install' }
  | { readonly kind: 'failed'; readonly reason: string }
  /** `attached`: the run directory was there already; nothing was started now. */
  | { readonly kind: 'started'; readonly attached: boolean }
  | {
      readonly kind: 'bytes';
      readonly stream: OutputStream;
      readonly offset: number;
      readonly bytes: Uint8Array;
    }
  /** `complete` false: the host cannot list processes, so nothing is proved. */
  | { readonly kind: 'remaining'; readonly pids: readonly number[]; readonly complete: boolean }
  /** A pause that was asked for began or ended. */
  | { readonly kind: 'paused'; readonly paused: boolean }
  | { readonly kind: 'removed'; readonly count: number }
  | { readonly kind: 'end'; readonly state: RunState };

/** Most bytes a login shell may print before the marker. */
export const NOISE_LIMIT = 1024 * 1024;
const LINE_LIMIT = 64 * 1024;
const BODY_LIMIT = 4 * 1024 * 1024;
const NUMBER = '(0|[1-9]\\d{0,14})';
const BYTES_LINE = new RegExp(`^([oe]) ${NUMBER} ${NUMBER}$`);
const FINISHED_LINE = new RegExp(
  `^x (exit|signal) (\\d{1,3}) ${NUMBER} ${NUMBER} (?:${NUMBER}|\\?) (?:${NUMBER}|\\?)$`,
);
const STATE_LINE = /^x (running|paused|unknown|missing|done)$/;
const NEWLINE = 10;

/**
 * Reads the holder's answer from a channel's stdout, in pieces of any size. What comes before the
 * marker line (a noisy login shell) is dropped; what comes after the end is not read. Bytes are
 * passed on as they arrive, never gathered. Throws `host.unsupported` on anything off the grammar,
 * and on bytes that do not continue exactly where the stream stood.
 */
export class FrameParser {
  readonly #marker: Buffer;
  readonly #emit: (frame: Frame) => void;
  readonly #at: Record<OutputStream, number>;
  #phase: 'noise' | 'line' | 'body' | 'ended' = 'noise';
  #pending: Buffer = Buffer.alloc(0);
  #noise = 0;
  #body: { stream: OutputStream; left: number } = { stream: 'stdout', left: 0 };

  constructor(marker: string, emit: (frame: Frame) => void, offsets: Offsets = START) {
    this.#marker = Buffer.from(`${marker}\n`);
    this.#emit = emit;
    this.#at = { stdout: offsets.stdout, stderr: offsets.stderr };
  }

  /** The marker was seen: the holder itself (or its bootstrap) is speaking. */
  get speaking(): boolean {
    return this.#phase !== 'noise';
  }
  get ended(): boolean {
    return this.#phase === 'ended';
  }
  /** Where each stream stands: bytes up to here were passed on. */
  get offsets(): Offsets {
    return { ...this.#at };
  }

  push(piece: Uint8Array): void {
    let rest: Buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    while (rest.length > 0 && this.#phase !== 'ended') {
      if (this.#phase === 'noise') rest = this.#readNoise(rest);
      else if (this.#phase === 'line') rest = this.#readLine(rest);
      else rest = this.#readBody(rest);
    }
  }

  #readNoise(piece: Buffer): Buffer {
    const seen = Buffer.concat([this.#pending, piece]);
    const found = seen.indexOf(this.#marker);
    if (found >= 0) {
      this.#pending = Buffer.alloc(0);
      this.#phase = 'line';
      return seen.subarray(found + this.#marker.length);
    }
    this.#noise += piece.length;
    if (this.#noise > NOISE_LIMIT) {
      throw unreadable(`the login shell printed more than ${NOISE_LIMIT} bytes before the command started`);
    }
    this.#pending = Buffer.from(seen.subarray(Math.max(0, seen.length - this.#marker.length)));
    return Buffer.alloc(0);
  }

  #readLine(piece: Buffer): Buffer {
    const end = piece.indexOf(NEWLINE);
    const part = end < 0 ? piece : piece.subarray(0, end);
    if (this.#pending.length + part.length > LINE_LIMIT) throw unreadable('a line has no end');
    const line = Buffer.concat([this.#pending, part]);
    if (end < 0) {
      this.#pending = line;
      return Buffer.alloc(0);
    }
    this.#pending = Buffer.alloc(0);
    this.#interpret(line.toString('latin1'));
    return piece.subarray(end + 1);
  }

  #readBody(piece: Buffer): Buffer {
    const { stream, left } = this.#body;
    const bytes = piece.subarray(0, left);
    this.#emit({ kind: 'bytes', stream, offset: this.#at[stream], bytes });
    this.#at[stream] += bytes.length;
    this.#body = { stream, left: left - bytes.length };
    if (this.#body.left === 0) this.#phase = 'line';
    return piece.subarray(bytes.length);
  }

  #interpret(line: string): void {
    if (line === 'k') return;
    const bytes = BYTES_LINE.exec(line);
    if (bytes) this.#startBody(bytes[1] === 'o' ? 'stdout' : 'stderr', Number(bytes[2]), Number(bytes[3]));
    else if (line === 's started' || line === 's attached') {
      this.#emit({ kind: 'started', attached: line === 's attached' });
    } else if (line.startsWith('x ')) this.#end({ kind: 'end', state: readState(line) });
    else if (line === 'n') this.#end({ kind: 'need-install' });
    else if (/^f [a-z-]{1,40}$/.test(line)) this.#end({ kind: 'failed', reason: line.slice(2) });
    else if (/^p( [1-9]\d{0,9})*$/.test(line)) {
      this.#emit({ kind: 'remaining', pids: line.split(' ').slice(1).map(Number), complete: true });
    } else if (line === 'z 0' || line === 'z 1') this.#emit({ kind: 'paused', paused: line === 'z 1' });
    else if (line === 'p ?') this.#emit({ kind: 'remaining', pids: [], complete: false });
    else if (/^d \d{1,9}$/.test(line)) this.#emit({ kind: 'removed', count: Number(line.slice(2)) });
    else throw unreadable(`'${line.slice(0, 80)}' is no frame`);
  }

  #startBody(stream: OutputStream, offset: number, length: number): void {
    if (offset !== this.#at[stream]) {
      throw unreadable(`${stream} goes on at byte ${offset}, but ${this.#at[stream]} was next`);
    }
    if (length < 1 || length > BODY_LIMIT) throw unreadable(`a frame of ${length} bytes`);
    this.#body = { stream, left: length };
    this.#phase = 'body';
  }

  #end(frame: Frame): void {
    this.#phase = 'ended';
    this.#emit(frame);
  }
}

function readState(line: string): RunState {
  const finished = FINISHED_LINE.exec(line);
  if (finished) {
    const number = Number(finished[2]);
    const killed = finished[1] === 'signal';
    return {
      state: 'finished',
      exitCode: killed ? null : number,
      signal: killed ? signalName(number) : null,
      kept: { stdout: Number(finished[3]), stderr: Number(finished[4]) },
      total: { stdout: countOf(finished[5]), stderr: countOf(finished[6]) },
    };
  }
  const state = STATE_LINE.exec(line)?.[1];
  if (state === undefined) throw unreadable(`'${line.slice(0, 80)}' is no state`);
  if (state === 'running' || state === 'paused') return { state: 'running', paused: state === 'paused' };
  return { state: state as 'unknown' | 'missing' | 'done' };
}

function countOf(text: string | undefined): number | null {
  return text === undefined ? null : Number(text);
}

function unreadable(what: string): DeckhandError {
  return new DeckhandError('host.unsupported', `The answer of the host cannot be read: ${what}.`, {
    hint: 'Look for programs in the login shell’s start files that print or read.',
  });
}
