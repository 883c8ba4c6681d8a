import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Who makes the plan, and how the command line is told. */
export interface Planner {
  /** Short, for file names and headings. */
  readonly name: string;
  readonly description: string;
  /** Text of `deckhand.yaml`. */
  readonly settings: string;
  /** The words after `deckhand`, for one request; files it needs go into `folder`. */
  readonly words: (request: string, folder: string) => Promise<readonly string[]>;
}

const EMBEDDED: Planner = {
  name: 'embedded',
  description: 'runbooks matched word for word; no model',
  settings: '',
  words: request => Promise.resolve(['ask', request]),
};

/** What the corrections of known failures are worth. */
const WITHOUT_CORRECTIONS: Planner = {
  ...EMBEDDED,
  name: 'embedded-without-corrections',
  description: 'ablation: a known failure is explained instead of corrected',
  words: request => Promise.resolve(['ask', request, '--no-corrections']),
};

/**
 * Answers every request with the same harmless plan. It knows neither the request nor the grader, so it should pass
 * nothing; what it shows is that booting, breaking, asking and grading work.
 */
const SCRIPTED: Planner = {
  name: 'scripted',
  description: 'machinery only: one fixed plan for every request, no success is expected',
  settings: '',
  async words(_request, folder) {
    const file = join(folder, 'fixed-plan.yaml');
    await writeFile(file, FIXED_PLAN);
    return ['apply', file];
  },
};

const FIXED_PLAN = `goal: The host was looked at
steps:
  - id: note
    title: A note says that somebody was here
    states:
      - { kind: file, path: /run/deckhand-eval, content: "seen\\n" }
postconditions:
  - { title: The note is there, script: test -s /run/deckhand-eval }
`;

/** How a model of somebody's server is called. */
export interface ModelChoice {
  readonly model: string | undefined;
  /** A file with the key of the server alone. */
  readonly keyFile: string | undefined;
}

/** Any server that speaks the OpenAI form. It plans everything itself: no runbook is matched first. */
function modelPlanner(url: string, { model, keyFile }: ModelChoice): Planner {
  if (model === undefined) throw new Error('--planner URL needs --model NAME');
  const server = { url, ...(keyFile === undefined ? {} : { keyFile }) };
  return {
    name: model,
    description: `the model ${model} plans, no runbook is matched first`,
    settings: `modelServers: ${JSON.stringify({ planner: server })}\n`,
    words: request => Promise.resolve(['ask', request, '--model', `planner/${model}`]),
  };
}

/** The planner of `--planner`. Throws where the name is none. */
export function plannerOf(name: string, choice: ModelChoice): Planner {
  const known = [EMBEDDED, WITHOUT_CORRECTIONS, SCRIPTED].find(planner => planner.name === name);
  if (known) return known;
  if (/^https?:\/\//.test(name)) return modelPlanner(name, choice);
  throw new Error(`--planner ${name}: there are embedded, embedded-without-corrections, scripted, and URLs`);
}
