import { readFile } from 'node:fs/promises';
import type { PlanRequest } from '../api/contract.ts';
import { DeckhandError } from '../core/deckhand-error.ts';

/** What a file for `apply` asks for: a whole plan, or a runbook with its parameters. */
export type PlanFile = Pick<PlanRequest, 'plan' | 'runbook' | 'parameters' | 'intent'>;

/** Reads a plan or parameters file. Throws `local.file-missing` or `plan.invalid`, naming the field. */
export async function readPlanFile(file: string): Promise<PlanFile> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new DeckhandError('local.file-missing', `${file} cannot be read (${reason}).`, { cause: error });
  }
  return await parsePlanFile(text, file);
}

/** The same from text. YAML and JSON are both read as YAML. */
export async function parsePlanFile(text: string, file: string): Promise<PlanFile> {
  const [{ readYaml }, { planSchema }, { z }] = await Promise.all([
    import('../core/yaml.ts'),
    import('../core/plan.ts'),
    import('../core/schema.ts'),
  ]);
  const yaml = readYaml(text, file, 'plan.invalid');
  const { value } = yaml;
  const fail = (issue: {
    readonly path: readonly PropertyKey[];
    readonly message: string;
  }): DeckhandError => {
    const line = yaml.lineOf(issue.path);
    const field = issue.path.map(String).join('.');
    return new DeckhandError(
      'plan.invalid',
      `${file}:${line}: ${field === '' ? '' : `${field}: `}${issue.message}`,
      {
        details: { file, line, field },
      },
    );
  };
  if (typeof value === 'object' && value !== null && 'steps' in value) {
    const parsed = planSchema.safeParse({ intent: '', ...value });
    if (!parsed.success) throw fail(parsed.error.issues[0]!);
    return { plan: parsed.data };
  }
  const parsed = z
    .strictObject({
      runbook: z.string().min(1),
      intent: z.string().max(4000).optional(),
      parameters: z
        .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
        .default({}),
    })
    .safeParse(value);
  if (!parsed.success) throw fail(parsed.error.issues[0]!);
  const { runbook, intent, parameters } = parsed.data;
  return {
    runbook,
    ...(intent === undefined ? {} : { intent }),
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, given]) => [name, asText(given)])),
  };
}

function asText(given: string | number | boolean | readonly string[]): string {
  return Array.isArray(given) ? given.join(',') : String(given);
}
