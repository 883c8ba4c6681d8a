import { DeckhandError } from '../core/deckhand-error.ts';
import { planSchema } from '../core/plan.ts';
import { z } from '../core/schema.ts';
import { readYaml, type YamlText } from '../core/yaml.ts';
import { expandPattern } from './masked-request.ts';
import { localized, parameterSchema, sampleValue, acceptValue, type Parameter } from './parameter.ts';
import { fillTemplates, findTemplateFaults } from './template.ts';

const phrases = z.array(z.string().min(1)).min(1);
/** Its fields are checked against `core/plan.ts` once the templates are filled. */
const templates = z.array(z.record(z.string(), z.unknown()));

const runbookSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'a kebab-case name'),
  title: localized,
  /** What a filled plan is for, as a template; the title where absent. */
  goal: localized.optional(),
  /** Ways to ask for it. `{name}` stands for a parameter's value. */
  match: z.strictObject({ en: phrases, ru: phrases }),
  /** Regular expressions of wording that the runbook fulfils anyway: `and start it`. */
  covers: z
    .strictObject({ en: z.array(z.string()).default([]), ru: z.array(z.string()).default([]) })
    .prefault({}),
  parameters: z
    .record(z.string().regex(/^[a-z][A-Za-z0-9]*$/, 'a camelCase name'), parameterSchema)
    .default({}),
  steps: templates.min(1),
  postconditions: templates.min(1),
  report: templates.default([]),
  /** How to take it back, for people; Deckhand does not do it by itself. */
  undo: localized.optional(),
});

/** A plan with typed parameters, kept in a file. Steps are templates until `fillRunbook`. */
export interface Runbook extends z.infer<typeof runbookSchema> {
  readonly file: string;
  /** The text of the file. */
  readonly source: string;
}

/**
 * One runbook from the text of its file. Throws `runbook.invalid` naming file, line and field;
 * every template is tried with sample values, so a loaded runbook cannot fail for its own form.
 */
export function parseRunbook(source: string, file: string): Runbook {
  const yaml = readYaml(source, file, 'runbook.invalid');
  const parsed = runbookSchema.safeParse(yaml.value);
  if (!parsed.success) throw firstIssue(parsed.error, yaml, file);
  const runbook: Runbook = { ...parsed.data, file, source };
  checkParameters(runbook, yaml);
  checkPhrases(runbook, yaml);
  checkTemplates(runbook, yaml);
  return runbook;
}

function invalid(yaml: YamlText, file: string, path: readonly PropertyKey[], fault: string): DeckhandError {
  const line = yaml.lineOf(path);
  const field = path.map(String).join('.');
  return new DeckhandError('runbook.invalid', `${file}:${line}: ${field || 'the file'}: ${fault}.`, {
    details: { file, line, field },
  });
}

function firstIssue(error: z.ZodError, yaml: YamlText, file: string): DeckhandError {
  const issue = error.issues[0];
  const path = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue?.path;
  return invalid(yaml, file, path ?? [], (issue?.message ?? 'does not fit').replace(/\.$/, ''));
}

function checkParameters(runbook: Runbook, yaml: YamlText): void {
  for (const [name, parameter] of Object.entries(runbook.parameters)) {
    const path = ['parameters', name];
    for (const source of patternsOf(parameter)) {
      if (!isPattern(source)) throw invalid(yaml, runbook.file, path, `'${source}' is no regular expression`);
    }
    const given = [
      ...(parameter.default === undefined || parameter.default === '' ? [] : [parameter.default]),
      ...parameter.examples,
    ];
    for (const value of given) {
      const { fault } = acceptValue(parameter, value);
      if (fault !== undefined) throw invalid(yaml, runbook.file, path, fault);
    }
    if (parameter.required && parameter.default !== undefined) {
      throw invalid(yaml, runbook.file, path, 'a required parameter has no default');
    }
  }
  for (const source of [...runbook.covers.en, ...runbook.covers.ru]) {
    if (!isPattern(source))
      throw invalid(yaml, runbook.file, ['covers'], `'${source}' is no regular expression`);
  }
}

function patternsOf(parameter: Parameter): string[] {
  const extractions = [...parameter.extract.en, ...parameter.extract.ru].map(extraction =>
    typeof extraction === 'string' ? extraction : extraction.pattern,
  );
  return parameter.pattern === undefined ? extractions : [...extractions, parameter.pattern];
}

function isPattern(source: string): boolean {
  try {
    return new RegExp(expandPattern(source, 'x'), 'iu') instanceof RegExp;
  } catch {
    return false;
  }
}

function checkPhrases(runbook: Runbook, yaml: YamlText): void {
  for (const language of ['en', 'ru'] as const) {
    for (const [index, phrase] of runbook.match[language].entries()) {
      for (const [, name = ''] of phrase.matchAll(/\{([^{}]*)\}/g)) {
        if (Object.hasOwn(runbook.parameters, name)) continue;
        throw invalid(yaml, runbook.file, ['match', language, index], `there is no parameter '${name}'`);
      }
    }
  }
}

function checkTemplates(runbook: Runbook, yaml: YamlText): void {
  const { title, goal = title, steps, postconditions, report } = runbook;
  const templated = { steps, postconditions, report };
  const fault = findTemplateFaults({ goal, ...templated }, new Set(Object.keys(runbook.parameters)))[0];
  if (fault) throw invalid(yaml, runbook.file, fault.path, fault.fault);
  const samples = Object.fromEntries(
    Object.entries(runbook.parameters).map(([name, parameter]) => [name, sampleValue(parameter)]),
  );
  const filled = fillTemplates(templated, samples, true) as Record<string, unknown>;
  const plan = planSchema.safeParse({ intent: '', goal: title.en, ...filled });
  if (!plan.success) throw firstIssue(plan.error, yaml, runbook.file);
}
