import { randomBytes } from 'node:crypto';
import { DeckhandError } from '../../core/deckhand-error.ts';
import type { RawPath } from '../../core/raw-path.ts';
import type { SshConnection } from '../../ssh/connection.ts';

/** Bytes of output kept where nobody takes it as it comes. */
const OUTPUT_LIMIT = 64 * 1024 * 1024;
const ERRORS_LIMIT = 64 * 1024;
/** Bytes that a login shell may print before the script begins. */
const NOISE_LIMIT = 1024 * 1024;
/** Characters of one word of a command line that every kernel takes; OpenSSH takes as many. */
const WORD_LIMIT = 120_000;
/** Other servers drop the connection for less: dropbear takes 9 000. */
const SHORT_WORD_LIMIT = 8_000;

export interface ScriptOptions {
  readonly signal: AbortSignal;
  readonly stdin?: Uint8Array | AsyncIterable<Uint8Array>;
  /** Takes the output as it comes; without it the answer has it. */
  readonly onOutput?: (bytes: Uint8Array) => void | Promise<void>;
  /** As `onOutput`, for what goes to stderr. */
  readonly onErrors?: (bytes: Uint8Array) => void | Promise<void>;
}

export interface ScriptResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  /** The last part of what it said on stderr. */
  readonly errors: string;
}

/** One word for POSIX sh, of bytes. */
export function quoteRaw(path: RawPath): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Runs POSIX sh text (bytes as latin 1) straight on a channel, in the C locale. Its stdin is the given one
 * alone. The login shell sees plain characters only, so that csh and fish hand it on as it is, and what it
 * prints by itself is dropped. A script that ends by a signal is a lost connection.
 */
export async function runScript(
  connection: SshConnection,
  script: string,
  { signal, stdin, onOutput, onErrors }: ScriptOptions,
): Promise<ScriptResult> {
  const marker = randomBytes(12).toString('hex');
  const text = `printf '%s\\n' ${marker}; printf '%s\\n' ${marker} >&2; LC_ALL=C; export LC_ALL; ${script}`;
  const output = new AfterMarker(marker, OUTPUT_LIMIT, onOutput);
  const errors = new AfterMarker(marker, ERRORS_LIMIT, onErrors);
  const sent = commandOf(connection, text, stdin);
  const result = await connection.execute(sent.command, {
    signal,
    // what removes the parts of a cancelled transfer must not be overtaken by what makes them
    untilOver: true,
    muchOutput: onOutput !== undefined,
    ...(sent.stdin === undefined ? {} : { stdin: sent.stdin }),
    collectLimit: 0,
    onOutput: (stream, bytes) => (stream === 'stdout' ? output : errors).take(bytes),
  });
  const { name } = connection.host;
  if (result.exitCode === null)
    throw new DeckhandError(
      'ssh.connection-lost',
      `${name}: a script was ended from outside by signal ${result.signal}.`,
    );
  if (!output.isOpen)
    throw new DeckhandError('host.unsupported', `${name}: the account cannot run a POSIX shell.`, {
      details: { host: name, exitCode: result.exitCode },
    });
  return {
    exitCode: result.exitCode,
    stdout: output.collected(),
    errors: errors.collected().toString('latin1'),
  };
}

/** A script that is too long for a command line comes first on stdin; byte by byte, or the rest would be read with it. */
export function commandOf(
  { serverVersion }: SshConnection,
  text: string,
  stdin: ScriptOptions['stdin'],
): { readonly command: string; readonly stdin?: ScriptOptions['stdin'] } {
  const word = escapeAll(text);
  const limit = serverVersion.includes('OpenSSH') ? WORD_LIMIT : SHORT_WORD_LIMIT;
  if (word.length <= limit) return { command: `exec sh -c 'eval "$(printf %b "$1")"' sh '${word}'`, stdin };
  const script = Buffer.from(text, 'latin1');
  return {
    command: `exec sh -c 'eval "$(dd bs=1 count=${script.length} 2>/dev/null)"'`,
    stdin: stdin === undefined ? script : before(script, stdin),
  };
}

function before(
  first: Buffer,
  rest: Uint8Array | AsyncIterable<Uint8Array>,
): Uint8Array | AsyncIterable<Uint8Array> {
  if (rest instanceof Uint8Array) return Buffer.concat([first, rest]);
  return (async function* both(): AsyncGenerator<Uint8Array> {
    yield first;
    yield* rest;
  })();
}

/** Each byte that a shell might take for something as an octal escape of `printf %b`. */
function escapeAll(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9 _./:=,@+-]/g, character => {
    return `\\0${(character.codePointAt(0) ?? 0).toString(8).padStart(3, '0')}`;
  });
}

/** Drops everything up to the marker's line, then passes on or keeps. */
class AfterMarker {
  readonly #marker: Buffer;
  readonly #limit: number;
  readonly #pass: ((bytes: Uint8Array) => void | Promise<void>) | undefined;
  #before = Buffer.alloc(0);
  #noise = 0;
  #kept: Buffer[] = [];
  #length = 0;
  #busy: Promise<void> | undefined;
  isOpen = false;

  constructor(
    marker: string,
    limit: number,
    pass: ((bytes: Uint8Array) => void | Promise<void>) | undefined,
  ) {
    this.#marker = Buffer.from(`${marker}\n`);
    this.#limit = limit;
    this.#pass = pass;
  }

  take(piece: Uint8Array): void | Promise<void> {
    if (this.isOpen) return this.#give(piece);
    const seen = Buffer.concat([this.#before, piece]);
    const found = seen.indexOf(this.#marker);
    if (found < 0) {
      this.#noise += piece.length;
      if (this.#noise > NOISE_LIMIT)
        throw new DeckhandError(
          'host.unsupported',
          `The login shell printed more than ${NOISE_LIMIT} bytes.`,
        );
      this.#before = Buffer.from(seen.subarray(-this.#marker.length));
      return undefined;
    }
    this.isOpen = true;
    const rest = seen.subarray(found + this.#marker.length);
    return rest.length === 0 ? undefined : this.#give(rest);
  }

  collected(): Buffer {
    return Buffer.concat(this.#kept);
  }

  /** One piece at a time: a channel that is told to wait may still give what it holds. */
  #inTurn(pass: (bytes: Uint8Array) => void | Promise<void>, bytes: Uint8Array): void | Promise<void> {
    const taken = this.#busy === undefined ? pass(bytes) : this.#busy.then(() => pass(bytes));
    if (taken === undefined) return undefined;
    const busy = taken.finally(() => {
      if (this.#busy === busy) this.#busy = undefined;
    });
    this.#busy = busy;
    return busy;
  }

  #give(bytes: Uint8Array): void | Promise<void> {
    if (this.#pass) return this.#inTurn(this.#pass, bytes);
    this.#length += bytes.length;
    if (this.#length > this.#limit) {
      if (this.#limit > ERRORS_LIMIT)
        throw new DeckhandError('transfer.protocol', `A script printed more than ${this.#limit} bytes.`);
      // of errors the last ones say most
      while (this.#length > this.#limit && this.#kept.length > 0)
        this.#length -= this.#kept.shift()?.length ?? 0;
    }
    this.#kept.push(Buffer.from(bytes));
    return undefined;
  }
}
