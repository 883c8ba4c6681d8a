import { EXIT } from '../core/error-table.ts';

/** What a process can be asked to do, apart from the real one so that it can be tried. */
export interface InterruptActions {
  readonly say: (text: string) => void;
  /** Ends the process at once. */
  readonly exit: (code: number) => void;
}

/**
 * Ctrl-C: the first aborts the signal, so that the commands on the hosts are cancelled and that is
 * seen; the second leaves at once with 130. Gives the signal and what to call on SIGINT or SIGTERM.
 */
export function interruption(actions: InterruptActions): {
  readonly signal: AbortSignal;
  readonly interrupt: () => void;
} {
  const controller = new AbortController();
  return {
    signal: controller.signal,
    interrupt() {
      if (controller.signal.aborted) {
        actions.exit(EXIT.interrupted);
        return;
      }
      actions.say('\nstopping: cancelling on the hosts (Ctrl-C again leaves at once, commands may go on)');
      controller.abort();
    },
  };
}
