import { DeckhandError } from '../core/deckhand-error.ts';

export interface Choice<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

/** A person at a terminal. Both throw `command.cancelled` when the person presses Ctrl-C. */
export interface Asker {
  choose<Value extends string>(
    question: string,
    choices: readonly Choice<Value>[],
    initial: Value,
  ): Promise<Value>;
  /** One line, typed in plain sight; what stands there already is taken by Return. */
  line(question: string, placeholder: string): Promise<string>;
  /** Typed without echo. */
  secret(question: string): Promise<string>;
}

/** A terminal that does not know its size says 0 columns; questions would then be drawn one letter per line. */
function questionOutput(): NodeJS.WriteStream {
  if (!process.stderr.columns) Object.assign(process.stderr, { columns: 80, rows: 24 });
  return process.stderr;
}

/** Asks on the real terminal, on stderr so that stdout stays the result. */
export function terminalAsker(signal: AbortSignal): Asker {
  return {
    async choose<Value extends string>(question: string, choices: readonly Choice<Value>[], initial: Value) {
      const { select } = await import('@clack/prompts');
      const answer = await select<string>({
        message: question,
        options: choices.map(choice => ({ value: choice.value, label: choice.label })),
        initialValue: initial,
        output: questionOutput(),
        signal,
      });
      return given(answer) as Value;
    },
    async line(question, placeholder) {
      const { text } = await import('@clack/prompts');
      return given(await text({ message: question, placeholder, output: questionOutput(), signal }));
    },
    async secret(question) {
      const { password } = await import('@clack/prompts');
      return given(await password({ message: question, mask: '', output: questionOutput(), signal }));
    },
  };
}

function given(answer: string | symbol): string {
  if (typeof answer === 'string') return answer;
  throw new DeckhandError('command.cancelled', 'The question was left with Ctrl-C.');
}

/**
 * One question at a time, also when several hosts need an answer at once; `around` hides what moves
 * on the screen meanwhile.
 */
export function oneAtATime(
  asker: Asker,
  around: { readonly pause: () => void; readonly resume: () => void },
): Asker {
  let last: Promise<unknown> = Promise.resolve();
  const queued = <Answer>(ask: () => Promise<Answer>): Promise<Answer> => {
    const turn = last
      .catch(() => {})
      .then(async () => {
        around.pause();
        try {
          return await ask();
        } finally {
          around.resume();
        }
      });
    last = turn;
    return turn;
  };
  return {
    choose: (question, choices, initial) => queued(() => asker.choose(question, choices, initial)),
    line: (question, placeholder) => queued(() => asker.line(question, placeholder)),
    secret: question => queued(() => asker.secret(question)),
  };
}

/** A question that nobody can answer: fails at once, naming the flag to pass. */
export function promptNeeded(question: string, flag: string): DeckhandError {
  return new DeckhandError('input.prompt-needed', `${question}: no terminal is attached to ask on.`, {
    hint: `Pass ${flag}.`,
    details: { flag },
  });
}
