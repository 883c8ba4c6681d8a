import { EXIT } from '../core/error-table.ts';

/** What a process can be asked to do, apart from the real one so that it can be tried. */
export interface InterruptActions {
  readonly say: (text: string) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/** What a Ctrl-C says; null = nothing. What it does is always the same. */
export interface InterruptWords {
  readonly first: string | null;
  /** Said on leaving. */
  readonly second: string | null;
}

export interface Interruption {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** To be called on SIGINT and SIGTERM. */
  readonly interrupt: () => void;
  /** What a Ctrl-C says from now on; null = what it says of itself. */
  readonly sayOnInterrupt: (words: InterruptWords | null) => void;
}

const USUAL: InterruptWords = { first: 'stopping (Ctrl-C again leaves at once)', second: null };

/** Nothing is said: what was begun goes on as it did, and the command itself says so. */
export const QUIET: InterruptWords = { first: null, second: null };

/**
 * Ctrl-C: the first aborts the signal, so that the commands on the hosts are cancelled and that is
 * seen; the second leaves with 130 at once.
 */
export function interruption(actions: InterruptActions): Interruption {
  const controller = new AbortController();
  let words = USUAL;
  const say = (text: string | null): void => {
    if (text !== null) actions.say(`\n${text}`);
  };
  return {
    signal: controller.signal,
    interrupt() {
      if (controller.signal.aborted) {
        say(words.second);
        actions.exit(EXIT.interrupted);
      } else {
        say(words.first);
        controller.abort();
      }
    },
    sayOnInterrupt(given) {
      words = given ?? USUAL;
    },
  };
}

/** The words while work of ours runs: at the daemon under these ids, or (null) in this process. */
export function wordsForWork(ids: readonly string[] | null): InterruptWords {
  const stopping = 'stopping: cancelling on the hosts';
  if (ids === null)
    return { first: `${stopping} (Ctrl-C again leaves at once, commands may go on)`, second: null };
  return {
    first: `${stopping} (Ctrl-C again leaves it to the daemon)`,
    second: `left to the daemon; to see it or to stop it:${ids.map(id => `\n  deckhand task logs -f ${id}\n  deckhand task cancel ${id}`).join('')}`,
  };
}
