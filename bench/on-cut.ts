/** What a run that is cut takes down with it: hosts, daemons, open masters, folders in memory. */

const open = new Set<() => Promise<void>>();
const abort = new AbortController();

/** Aborts when the run is cut; programs that were started end by it. */
export const cut: AbortSignal = abort.signal;

/** `close` for both ends of what it closes: its own, and that of a run that is cut. It happens once. */
export function alsoWhenCut(close: () => Promise<void>): () => Promise<void> {
  let closing: Promise<void> | undefined;
  const once = async (): Promise<void> => {
    closing ??= close();
    try {
      await closing;
    } finally {
      open.delete(once);
    }
  };
  open.add(once);
  return once;
}

/**
 * From here on a signal that asks the process to end takes down what is open, the newest first, and ends it only then.
 * It may come several times: `timeout` sends it to each process of the group, and npm hands it on as well.
 */
export function endWhenCut(): void {
  const codes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;
  for (const [name, code] of Object.entries(codes)) process.on(name, () => void end(name, code));
}

async function end(name: string, code: number): Promise<void> {
  if (cut.aborted) return;
  abort.abort(new Error(`The run was cut by ${name}.`));
  console.error(`bench: cut by ${name}; ${open.size} open, taking them down`);
  for (const close of [...open].toReversed())
    await close().catch((error: unknown) => console.error(`bench: ${String(error)}`));
  process.exit(code);
}
