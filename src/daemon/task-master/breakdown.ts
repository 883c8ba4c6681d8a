import type { Improved } from '../../agent/improve.ts';
import { z } from '../../core/schema.ts';
import { oneLine } from '../../core/untrusted.ts';

const text = z.string().max(20_000);
/** Of what Task Master writes, the part that is read; ids became numbers or texts in its versions. */
const fileSchema = z.record(
  z.string(),
  z.object({
    tasks: z
      .array(
        z.object({
          id: z.union([z.number(), z.string()]),
          title: text.min(1),
          description: text.default(''),
          testStrategy: text.nullish(),
        }),
      )
      .min(1)
      .max(100),
  }),
);

const LONGEST_GOAL = 1000;
const LONGEST_CHECK = 500;
const MOST_CHECKS = 30;

/** What a `tasks.json` says under one tag, as the built-in stage would say it; null = it does not have the shape. Pure. */
export function breakdownOf(json: string, tag: string, request: string): Improved | null {
  const tasks = tasksIn(json, tag);
  if (tasks === null) return null;
  const parts = tasks.map(
    ({ title, description }, index) =>
      `${index + 1}. ${oneLine(title)}${description === '' ? '' : `: ${oneLine(description)}`}`,
  );
  const checks = tasks.flatMap(({ testStrategy }) => (testStrategy ? [oneLine(testStrategy)] : []));
  return {
    goal: [request, ...parts].join('\n').slice(0, LONGEST_GOAL),
    constraints: [],
    questions: [],
    assumptions: [],
    checks: checks.slice(0, MOST_CHECKS).map(check => check.slice(0, LONGEST_CHECK)),
  };
}

function tasksIn(json: string, tag: string): z.infer<typeof fileSchema>[string]['tasks'] | null {
  try {
    const parsed = fileSchema.safeParse(JSON.parse(json));
    return parsed.success && Object.hasOwn(parsed.data, tag) ? (parsed.data[tag]?.tasks ?? null) : null;
  } catch {
    return null;
  }
}
