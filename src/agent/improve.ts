import { z } from '../core/schema.ts';
import { FENCE_RULE } from './evidence.ts';

/** What a request means, before anything is planned. Flat, as `plan-answer.ts` says. */
export const improvedSchema = z.object({
  goal: z.string().max(1000),
  constraints: z.array(z.string().max(500)).max(30),
  /** What only the person can say, and what is assumed when nobody says it. */
  questions: z.array(z.object({ question: z.string().max(500), assumed: z.string().max(500) })).max(3),
  assumptions: z.array(z.string().max(500)).max(30),
  checks: z.array(z.string().max(500)).max(30),
});
export type Improved = z.infer<typeof improvedSchema>;

export const IMPROVE_INSTRUCTIONS = [
  'You prepare a request of a system administrator for planning. Say what is to be true in the end (goal), what must',
  'not happen (constraints), how the result can be seen on the host (checks), and what you take for granted',
  '(assumptions). Ask a question only when the request cannot be carried out without the answer and no usual choice',
  'exists; give with each question the choice you assume otherwise. Do not plan steps, do not add wishes.',
  FENCE_RULE,
].join('\n');

/** A request as it goes to the planner. */
export interface ImprovedRequest {
  /** Exactly what the person wrote. */
  readonly intent: string;
  readonly improved: Improved | null;
  /** Questions with the person's answers; those nobody answered are among `assumed`. */
  readonly answered: readonly { readonly question: string; readonly answer: string }[];
  readonly assumed: readonly string[];
}

/** The request as a section of a prompt. */
export function requestText({ intent, improved, answered, assumed }: ImprovedRequest): string {
  const lines = (title: string, entries: readonly string[]): readonly string[] =>
    entries.length === 0 ? [] : [`${title}:`, ...entries.map(entry => `- ${entry}`)];
  return [
    'Request, as the person wrote it:',
    intent,
    ...(improved ? ['', `Goal: ${improved.goal}`] : []),
    ...lines('Constraints', improved?.constraints ?? []),
    ...lines('The result can be seen by', improved?.checks ?? []),
    ...lines(
      'Asked and answered by the person',
      answered.map(({ question, answer }) => `${question} ${answer}`),
    ),
    ...lines('Assumed', [...(improved?.assumptions ?? []), ...assumed]),
  ].join('\n');
}
