import { readFileSync } from 'node:fs';
import { z } from '../src/core/schema.ts';

const scenarioSchema = z.strictObject({
  id: z.string().regex(/^[A-Z]\d\d$/),
  split: z.string(),
  category: z.string(),
  title: z.string(),
  request: z.strictObject({ en: z.string(), ru: z.string() }),
  /** The most a person would approve for this. */
  max_risk: z.enum(['change', 'destructive']),
  /** What a good agent does: carry it out, ask before the dangerous part, or leave it to a person. */
  expect_outcome: z.enum(['done', 'approval', 'escalate']),
  time_limit_s: z.number().positive(),
  /** Bash, run as root on the fresh host: the fault. */
  setup: z.string(),
  /** Bash, run as root: exit 0 when the host is as wished. Looks at state only. */
  check: z.string(),
  /** Bash, for proving that the scenario can be solved. No planner sees it. */
  reference_solution: z.string(),
});
export type Scenario = z.infer<typeof scenarioSchema>;
export type Language = keyof Scenario['request'];

/** What the lab fills in for one host. */
export interface Surroundings {
  /** The name server that works. */
  readonly dns: string;
  readonly gateway: string;
  readonly address: string;
  /** Host name of the Debian mirror. */
  readonly mirror: string;
}

const FILE = new URL('scenarios.jsonl', import.meta.url);

/** The scenarios of the file, in its order. Throws where a line does not fit the schema. */
export function loadScenarios(file: URL = FILE): readonly Scenario[] {
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter(line => line.trim() !== '').map(line => scenarioSchema.parse(JSON.parse(line)));
}

/** The scenario with `{{DNS}}`, `{{GATEWAY}}`, `{{ADDRESS}}` and `MIRROR` filled in, wherever they stand. */
export function fillScenario(scenario: Scenario, place: Surroundings): Scenario {
  const fill = (text: string): string =>
    text
      .replaceAll('{{DNS}}', place.dns)
      .replaceAll('{{GATEWAY}}', place.gateway)
      .replaceAll('{{ADDRESS}}', place.address)
      .replaceAll(/\bMIRROR\b/g, place.mirror);
  const { request, setup, check, reference_solution } = scenario;
  return {
    ...scenario,
    request: { en: fill(request.en), ru: fill(request.ru) },
    setup: fill(setup),
    check: fill(check),
    reference_solution: fill(reference_solution),
  };
}
