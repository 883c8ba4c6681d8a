import type { PlanPreview } from '../../core/run-report.ts';
import type { CallOptions, PersonPrompts } from '../contract.ts';
import type { Answer, Question } from '../task-api.ts';

/** Who answers, and what must be known of the run for a step to be shown. */
export interface Answering {
  readonly prompts: PersonPrompts;
  readonly approve: CallOptions['approve'];
  /** The newest plan of a task. */
  readonly previewOf: (task: string) => PlanPreview | undefined;
  /** A question was left (Ctrl-C): the work is to be stopped. */
  readonly onLeft: (task: string) => void;
}

/** Puts a task's question to the person. Null = nobody can say. Never throws: a question that is left is no answer. */
export async function answerOf(question: Question, answering: Answering): Promise<Answer> {
  try {
    return question.ask === 'approve-step'
      ? await askStep(question, answering)
      : await ask(question, answering.prompts);
  } catch {
    answering.onLeft(question.task);
    return question.ask === 'approve-step' ? 'decline' : null;
  }
}

async function ask(
  question: Exclude<Question, { ask: 'approve-step' }>,
  prompts: PersonPrompts,
): Promise<Answer> {
  const { host } = question;
  switch (question.ask) {
    case 'password':
      return (await prompts.password?.(host, question.user)) ?? null;
    case 'passphrase':
      return (await prompts.passphrase?.(question.keyFile)) ?? null;
    case 'sudo-password':
      return (await prompts.sudoPassword?.(host)) ?? null;
    case 'accept-host-key': {
      if (!prompts.acceptHostKey) return null;
      const key = { type: question.keyType, fingerprint: question.fingerprint };
      return (await prompts.acceptHostKey(host, key)) ? 'yes' : 'no';
    }
    case 'clarify':
      return (await prompts.clarify?.(question.question, question.otherwise)) ?? null;
    default:
      // a question of a newer daemon
      return null;
  }
}

async function askStep(
  question: Extract<Question, { ask: 'approve-step' }>,
  { approve, previewOf }: Answering,
): Promise<Answer> {
  const preview = previewOf(question.task);
  if (!approve || !preview) return null;
  const { hash, title, stepId, host, correction } = question;
  const about = correction === undefined ? {} : { correction };
  return await approve({ hash, title, preview, stepId, host, ...about });
}
