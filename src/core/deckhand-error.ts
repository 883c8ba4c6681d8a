import { ERROR_TABLE, EXIT, type ErrorCode, type ErrorTraits } from './error-table.ts';
import { sanitiseText } from './untrusted.ts';

/** The plain-data shape of an error, equal in JSON output, reports and API answers. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string;
  readonly retryable: boolean;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ErrorOptions {
  /** Structured facts for machines: host, path, expected and actual values. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** Replaces the table's hint where the place of the fault knows better. */
  readonly hint?: string;
}

/** Equal in every copy of this module: the package is in several bundles, and what one throws another must know. */
const BRAND = Symbol.for('deckhand.error');

/**
 * The one error class. Code, message (one sentence with the concrete names and numbers), hint.
 * The message is sanitised for terminals because it may quote text from a remote host.
 */
export class DeckhandError extends Error {
  override readonly name = 'DeckhandError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  readonly #hint: string | undefined;
  readonly [BRAND] = true;

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(sanitiseText(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.#hint = options.hint;
  }

  get traits(): ErrorTraits {
    return ERROR_TABLE[this.code];
  }
  get hint(): string {
    return this.#hint ?? this.traits.hint;
  }
  get retryable(): boolean {
    return this.traits.retryable;
  }
  get exitCode(): number {
    return EXIT[this.traits.exit];
  }

  toJSON(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retryable: this.retryable,
      details: this.details,
    };
  }
}

/** Any thrown value as a DeckhandError; what is not one already is a defect of ours. */
export function toDeckhandError(thrown: unknown): DeckhandError {
  if (thrown instanceof DeckhandError) return thrown;
  if (thrown instanceof Error && thrown.name === 'AbortError') {
    return new DeckhandError('command.cancelled', 'The work was cancelled.', { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new DeckhandError('internal.defect', message, { cause: thrown });
}
