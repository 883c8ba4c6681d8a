import { EXIT } from '../core/error-table.ts';

/** What a process can be asked to do, apart from the real one so that it can be tried. */
export interface InterruptActions {
  readonly say: (text: string) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

export interface Interruption {
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** To be called on SIGINT and SIGTERM. */
  readonly interrupt: () => void;
  /** The daemon has this task or group; null = it has nothing of ours. */
  readonly handedOver: (id: string | null) => void;
}

/**
 * Ctrl-C: the first aborts the signal, so that the commands on the hosts are cancelled and that is
 * seen; the second leaves with 130 at once, and says how to get back to what the daemon has.
 */
export function interruption(actions: InterruptActions): Interruption {
  const controller = new AbortController();
  let atDaemon: string | null = null;
  return {
    signal: controller.signal,
    interrupt() {
      if (!controller.signal.aborted) {
        const leaves = atDaemon === null ? 'leaves at once, commands may go on' : 'leaves it to the daemon';
        actions.say(`\nstopping: cancelling on the hosts (Ctrl-C again ${leaves})`);
        controller.abort();
        return;
      }
      if (atDaemon !== null) actions.say(`\n${wayBack(atDaemon)}`);
      actions.exit(EXIT.interrupted);
    },
    handedOver(id) {
      atDaemon = id;
    },
  };
}

function wayBack(id: string): string {
  return `left to the daemon; to see it or to stop it:\n  deckhand task logs -f ${id}\n  deckhand task cancel ${id}`;
}
