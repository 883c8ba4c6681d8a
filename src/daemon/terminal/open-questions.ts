import type { Answer, Question } from '../../api/task-api.ts';
import { newId } from '../../core/ids.ts';
import type { TaskPrompts } from '../../tasks/host-access.ts';

/** What a host wants to know while it is connected; answers are never kept. */
export class OpenQuestions {
  readonly #open = new Map<
    string,
    { readonly question: Question; readonly settle: (answer: Answer) => void }
  >();
  readonly #about: { readonly terminal: string; readonly host: string };
  readonly #changed: () => void;

  constructor(about: { readonly terminal: string; readonly host: string }, changed: () => void) {
    this.#about = about;
    this.#changed = changed;
  }

  list(): readonly Question[] {
    return [...this.#open.values()].map(({ question }) => question);
  }

  answer(id: string, answer: Answer): void {
    const open = this.#open.get(id);
    this.#open.delete(id);
    open?.settle(answer);
    this.#changed();
  }

  /** Nobody will answer any more. */
  close(): void {
    for (const id of Array.from(this.#open.keys())) this.answer(id, null);
  }

  /** How a connection asks. */
  prompts(now: () => number): TaskPrompts {
    const ask = (part: AskedPart): Promise<Answer> => {
      const id = newId('question', now());
      const { terminal: task, host } = this.#about;
      return new Promise(settle => {
        this.#open.set(id, { question: { id, task, host, ...part }, settle });
        this.#changed();
      });
    };
    return {
      password: async (_host, user) => await ask({ ask: 'password', user }),
      passphrase: async keyFile => await ask({ ask: 'passphrase', keyFile }),
      sudoPassword: () => Promise.resolve(null),
      acceptHostKey: async (_host, { type, fingerprint }) =>
        (await ask({ ask: 'accept-host-key', keyType: type, fingerprint })) === 'yes',
    };
  }
}

type AskedPart =
  | { readonly ask: 'password'; readonly user: string }
  | { readonly ask: 'passphrase'; readonly keyFile: string }
  | { readonly ask: 'accept-host-key'; readonly keyType: string; readonly fingerprint: string };
