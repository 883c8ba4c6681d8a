import type { CredentialPrompts, HostKeyPolicy } from '../connection.ts';
import type { ResolvedHost } from '../resolved-host.ts';
import type { Question } from './openssh-askpass.ts';
import type { FailureSurroundings } from './openssh-errors.ts';
import type { LogFacts } from './openssh-log.ts';

export interface AnswerSources {
  readonly host: ResolvedHost;
  readonly hops: readonly ResolvedHost[];
  readonly prompts: CredentialPrompts;
  readonly hostKeys: HostKeyPolicy;
  /** Time spent in this work does not count. */
  readonly hold: <T>(work: () => Promise<T>) => Promise<T>;
  /** The log of the target's ssh (null) or of a hop's. */
  readonly readLog: (hop: number | null) => Promise<LogFacts>;
  /** Ends the attempt: an empty answer would be sent to the server as a wrong password. */
  readonly giveUp: (hop: number | null) => void;
}

/** A question for a stored password; others than a person cannot know what else is asked. */
const ASKS_PASSWORD = /pass|kennwort|парол/i;

interface Given {
  readonly answered: string[];
  readonly locked: Map<string, 'nobody' | 'wrong'>;
  /** Everything said already, by question: the same answer again would be refused again. */
  readonly said: Map<string, Set<string>>;
}

/** Passes what `ssh` asks to the same prompts as the first engine, and remembers what was answered. */
export class PersonAnswers {
  readonly #sources: AnswerSources;
  readonly #given = new Map<number | null, Given>();

  constructor(sources: AnswerSources) {
    this.#sources = sources;
  }

  /** False: there is nobody to give a password. */
  get canLogIn(): boolean {
    const { password, keyboardInteractive } = this.#sources.prompts;
    return password !== undefined || keyboardInteractive !== undefined;
  }

  /** What was said so far to one `ssh`, for the error that tells how it ended. */
  given(hop: number | null): Pick<FailureSurroundings, 'answered' | 'locked'> {
    return this.#of(hop);
  }

  readonly answer = async (question: Question, hop: number | null): Promise<string | null> => {
    const host = (hop === null ? undefined : this.#sources.hops[hop]) ?? this.#sources.host;
    if (question.kind === 'host-key') return await this.#hostKey(host, hop);
    if (question.kind === 'passphrase') return await this.#passphrase(question.file, hop);
    if (question.kind === 'notice') return null;
    const method = question.kind === 'password' ? 'password' : 'keyboard-interactive';
    const asked = question.kind === 'password' ? null : question.prompt;
    const answer = await this.#sources.hold(() => this.#login(host, asked));
    const given = this.#of(hop);
    // A person may mistype; a stored answer would only be refused again.
    if (answer === null || !isNew(given, `${method} ${asked ?? ''}`, answer)) {
      this.#sources.giveUp(hop);
      return null;
    }
    if (!given.answered.includes(method)) given.answered.push(method);
    return answer;
  };

  async #hostKey(host: ResolvedHost, hop: number | null): Promise<string> {
    const { hostKey } = await this.#sources.readLog(hop);
    if (hostKey === null) return 'no';
    const { hostKeys, hold } = this.#sources;
    return (await hold(() => hostKeys.acceptUnknown(host.name, hostKey))) ? 'yes' : 'no';
  }

  async #passphrase(file: string, hop: number | null): Promise<string | null> {
    const { prompts, hold } = this.#sources;
    const given = this.#of(hop);
    const answer = (await hold(async () => (await prompts.passphrase?.(file)) ?? null)) ?? null;
    if (answer === null || !isNew(given, `passphrase ${file}`, answer)) {
      given.locked.set(file, given.said.has(`passphrase ${file}`) ? 'wrong' : 'nobody');
      return null;
    }
    // Until the server has let us in, the answer may have been a wrong one.
    given.locked.set(file, 'wrong');
    return answer;
  }

  async #login(host: ResolvedHost, asked: string | null): Promise<string | null> {
    const { password, keyboardInteractive } = this.#sources.prompts;
    if (asked !== null && keyboardInteractive !== undefined) {
      return (await keyboardInteractive(host.name, [asked]))?.[0] ?? null;
    }
    if (asked !== null && !ASKS_PASSWORD.test(asked)) return null;
    return (await password?.(host.name, host.user)) ?? null;
  }

  #of(hop: number | null): Given {
    const known = this.#given.get(hop);
    if (known !== undefined) return known;
    const fresh: Given = { answered: [], locked: new Map(), said: new Map() };
    this.#given.set(hop, fresh);
    return fresh;
  }
}

function isNew(given: Given, question: string, answer: string): boolean {
  const said = given.said.get(question) ?? new Set<string>();
  given.said.set(question, said);
  if (said.has(answer)) return false;
  said.add(answer);
  return true;
}
