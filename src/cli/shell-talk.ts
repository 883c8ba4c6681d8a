import type { PersonPrompts } from '../api/contract.ts';
import type { Answer, Question } from '../api/task-api.ts';
import type { AttachedTerminal, TerminalExit } from '../api/terminal-contract.ts';
import { LeaveKeys } from './leave-keys.ts';
import type { RawTerminal } from './raw-terminal.ts';

export interface ShellTalk {
  readonly line: AttachedTerminal;
  readonly prompts: PersonPrompts;
  /** Called when the host gave its terminal. */
  readonly takeTerminal: () => RawTerminal;
}

/** A person in front of a terminal on a host, to its end. The person's own terminal is given back whatever happens. */
export async function talkWithShell({ line, prompts, takeTerminal }: ShellTalk): Promise<TerminalExit> {
  let raw: RawTerminal | null = null;
  try {
    for await (const item of line.items()) {
      if (item.item === 'question') {
        const { question } = item;
        void answerOf(question, prompts).then(answer => line.answer(question.id, answer));
      } else if (item.item === 'opened') {
        raw = takeTerminal();
        join(line, raw);
      } else if (item.item === 'output') await raw?.write(item.bytes);
      else if (item.item === 'ended') return item.exit;
    }
  } finally {
    raw?.[Symbol.dispose]();
  }
  return { exitCode: null, signal: null, error: null };
}

function join(line: AttachedTerminal, raw: RawTerminal): void {
  const keys = new LeaveKeys();
  raw.onInput(bytes => {
    const through = keys.pass(bytes);
    if (through === null) line.close();
    else if (through.length > 0) void line.write(through);
  });
  raw.onResize(() => line.resize(raw.size()));
  line.resize(raw.size());
}

/** Null: nobody can say. */
async function answerOf(question: Question, prompts: PersonPrompts): Promise<Answer> {
  try {
    if (question.ask === 'password') return (await prompts.password?.(question.host, question.user)) ?? null;
    if (question.ask === 'passphrase') return (await prompts.passphrase?.(question.keyFile)) ?? null;
    if (question.ask !== 'accept-host-key') return null;
    const { host, keyType: type, fingerprint } = question;
    return (await prompts.acceptHostKey?.(host, { type, fingerprint })) ? 'yes' : 'no';
  } catch {
    return null;
  }
}
