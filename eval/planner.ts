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

/** The planner of `--planner`. Throws where the name is none. */
export function plannerOf(name: string): Planner {
  const known = [EMBEDDED, SCRIPTED].find(planner => planner.name === name);
  if (known) return known;
  throw new Error(`--planner ${name}: there are embedded, scripted`);
}
