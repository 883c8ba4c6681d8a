import { createInterface } from 'node:readline';

/** A person who types lines, at a terminal. */
export interface PersonLines extends Disposable {
  /** The next line; null when the person is done (Ctrl-D). */
  readonly next: (prompt: string) => Promise<string | null>;
  /** Called at Ctrl-C, also while no line is awaited. */
  onInterrupt: () => void;
}

/** From the real terminal, with history and editing; prompts go to stderr. */
export function readLines(): PersonLines {
  const face = createInterface({ input: process.stdin, output: process.stderr, terminal: true, prompt: '' });
  const kept: string[] = [];
  let waiting: ((line: string | null) => void) | null = null;
  let closed = false;
  const give = (line: string | null): void => {
    const taken = waiting;
    waiting = null;
    taken?.(line);
  };
  const lines: PersonLines = {
    async next(prompt) {
      const line = kept.shift();
      if (line !== undefined) return line;
      if (closed) return null;
      face.setPrompt(prompt);
      face.prompt();
      return await new Promise(resolve => {
        waiting = resolve;
      });
    },
    onInterrupt: () => {},
    [Symbol.dispose]: () => face.close(),
  };
  face.on('line', line => {
    if (waiting) give(line);
    else kept.push(line);
  });
  face.on('close', () => {
    closed = true;
    give(null);
  });
  face.on('SIGINT', () => {
    if (waiting && face.line !== '') {
      face.write(null, { ctrl: true, name: 'e' });
      face.write(null, { ctrl: true, name: 'u' });
    } else lines.onInterrupt();
  });
  return lines;
}
