import type { CommandRequest } from '../core/command-run.ts';
import { DeckhandError } from '../core/deckhand-error.ts';

/** A request with the id that makes it happen at most once on its host. */
export type HeldRequest = CommandRequest & {
  readonly id: string;
  /** Never starts anything: only looks for what was started before. Not there: `command.unknown`, `missing`. */
  readonly attachOnly?: boolean;
  /** Aborted: let go of the run and leave it as it is on the host (`command.cancelled`, `left: true`). */
  readonly leave?: AbortSignal;
  /** Called when the host says that it runs, or ran before. */
  readonly onStarted?: () => void;
};

/** A run id that is safe in paths and shells, or `input.invalid`. */
export function checkId(id: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,79}$/.test(id)) return id;
  throw new DeckhandError(
    'input.invalid',
    `run id: '${id.slice(0, 100)}' is not letters, digits, '-' and '_'.`,
    {
      details: { field: 'id' },
    },
  );
}

/** Throws `input.invalid` for what a shell could not take. */
export function checkRequest(request: HeldRequest): void {
  checkId(request.id);
  if (!request.script.includes('\0')) return;
  throw new DeckhandError('input.invalid', 'script: a shell script cannot hold a zero byte.', {
    details: { field: 'script', run: request.id },
  });
}
