/** The person's own terminal while it belongs to a program on a host: every key goes through, nothing is echoed here. */
export interface RawTerminal extends Disposable {
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly onInput: (listener: (bytes: Uint8Array) => void) => void;
  readonly onResize: (listener: () => void) => void;
  /** Resolves when the terminal has taken it. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
}

/** What a program that was cut off may have left switched on: other screen, mouse, paste marks, hidden cursor, colours. */
const AS_BEFORE =
  '\u001b[?1049l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1006l\u001b[?2004l\u001b[?25h\u001b[0m';

/** Takes the process's terminal over; disposing of it, and every end of the process, gives it back. */
export function takeTerminal(): RawTerminal {
  const { stdin, stdout } = process;
  let isTaken = true;
  const inputs: ((bytes: Buffer) => void)[] = [];
  const resizes: (() => void)[] = [];
  const giveBack = (): void => {
    if (!isTaken) return;
    isTaken = false;
    stdin.setRawMode(false);
    stdin.pause();
    for (const listener of inputs) stdin.off('data', listener);
    for (const listener of resizes) stdout.off('resize', listener);
    process.off('exit', giveBack);
    stdout.write(AS_BEFORE);
  };
  stdin.setRawMode(true);
  process.once('exit', giveBack);
  return {
    size: () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24 }),
    onInput: listener => {
      inputs.push(listener);
      stdin.on('data', listener);
      stdin.resume();
    },
    onResize: listener => {
      resizes.push(listener);
      stdout.on('resize', listener);
    },
    write: bytes => new Promise(resolve => void stdout.write(bytes, () => resolve())),
    [Symbol.dispose]: giveBack,
  };
}
