/** `npm run eval`: how often a planner makes a broken host right, on fresh hosts, graded by their state. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labDirectory } from '../test/lab/lab.ts';
import { plannerOf } from './planner.ts';
import { LAYER, type Outcome, proveScenario, runScenario } from './run-scenario.ts';
import { type Language, loadScenarios, type Scenario } from './scenario.ts';
import { belowFloor, type Floors, renderTable, summarise } from './table.ts';

const HERE = import.meta.dirname;
const LAB_SCRIPT = join(HERE, '../test/lab/lab.sh');
const USAGE = `npm run eval -- [--planner embedded|embedded-without-corrections|scripted|URL --model NAME [--key-file FILE]] [--only S01,B03] [--language en|ru|both] [--repeat N]
  [--lanes N] [--hosts FIRST] [--json FILE]      --prove: check the scenarios themselves, with their reference solutions`;

const { values } = parseArgs({
  options: {
    planner: { type: 'string', default: 'embedded' },
    only: { type: 'string', default: '' },
    language: { type: 'string', default: 'both' },
    model: { type: 'string' },
    'key-file': { type: 'string' },
    repeat: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '2' },
    hosts: { type: 'string', default: '215' },
    json: { type: 'string' },
    prove: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Job {
  readonly scenario: Scenario;
  readonly language: Language;
  readonly round: number;
}

/** A layer made from another script than today's is made again. */
function ensureLayer(): void {
  const script = readFileSync(join(HERE, 'host-layer.sh'), 'utf8');
  const made = join(labDirectory, `layer-${LAYER}.sh`);
  const upToDate = existsSync(join(labDirectory, 'layers', LAYER)) && readFileSync(made, 'utf8') === script;
  if (upToDate) return;
  process.stderr.write('preparing the hosts once: this takes a minute\n');
  execFileSync('bash', [LAB_SCRIPT, 'layer', LAYER], {
    input: script,
    stdio: ['pipe', 'inherit', 'inherit'],
  });
}

/** Jobs in lanes, each lane on a host number of its own. */
async function inLanes<Item>(
  items: readonly Item[],
  work: (item: Item, host: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (number: number): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index];
      if (item !== undefined) await work(item, Number(values.hosts) + number);
    }
  };
  await Promise.all(Array.from({ length: Number(values.lanes) }, (_, number) => lane(number)));
}

function chosenScenarios(): readonly Scenario[] {
  const wanted = new Set(values.only.split(',').filter(id => id !== ''));
  const all = loadScenarios();
  const unknown = [...wanted].filter(id => !all.some(scenario => scenario.id === id));
  if (unknown.length > 0) throw new Error(`--only: there is no scenario ${unknown.join(', ')}`);
  return wanted.size === 0 ? all : all.filter(scenario => wanted.has(scenario.id));
}

async function prove(scenarios: readonly Scenario[]): Promise<number> {
  let faulty = 0;
  await inLanes(scenarios, async (scenario, host) => {
    const [before, after] = await proveScenario(scenario, host);
    const sound = after && (scenario.expect_outcome !== 'done' || !before);
    faulty += sound ? 0 : 1;
    console.log(`${scenario.id} ${sound ? 'sound' : `FAULTY: check before ${before}, after ${after}`}`);
  });
  console.log(`verdict: ${scenarios.length - faulty} of ${scenarios.length} scenarios are sound`);
  return faulty === 0 ? 0 : 1;
}

async function evaluate(scenarios: readonly Scenario[]): Promise<number> {
  const planner = plannerOf(values.planner, {
    model: values.model,
    keyFile: values['key-file'],
  });
  const languages: readonly Language[] =
    values.language === 'both' ? ['en', 'ru'] : values.language === 'ru' ? ['ru'] : ['en'];
  const rounds = Array.from({ length: Number(values.repeat) }, (_, index) => index + 1);
  const jobs: readonly Job[] = scenarios.flatMap(scenario =>
    languages.flatMap(language => rounds.map(round => ({ scenario, language, round }))),
  );
  const found = new Map<Job, Outcome>();
  await inLanes(jobs, async (job, hostNumber) => {
    const outcome = await runScenario(job.scenario, job.language, planner, { hostNumber, round: job.round });
    found.set(job, outcome);
    const word = outcome.passed ? 'yes' : `no: ${outcome.reason}`;
    process.stderr.write(
      `${outcome.id} ${outcome.language} ${(outcome.duration / 1000).toFixed(1)} s ${word}\n`,
    );
  });
  const outcomes = jobs.flatMap(job => found.get(job) ?? []);
  const summary = summarise(outcomes);
  const floors = JSON.parse(readFileSync(join(HERE, 'floors.json'), 'utf8')) as Floors;
  // a part of the scenarios says nothing of the shares of all
  const low = belowFloor(planner.name, summary, values.only === '' ? floors : {});
  console.log(`planner ${planner.name}: ${planner.description}\n\n${renderTable(outcomes)}\n`);
  if (values.json !== undefined) {
    await mkdir(join(values.json, '..'), { recursive: true });
    const kept = { planner: planner.name, at: new Date().toISOString(), summary, outcomes };
    await writeFile(values.json, `${JSON.stringify(kept, null, 1)}\n`);
  }
  const shares = Object.entries(summary.byLanguage).map(
    ([language, one]) => `${language} ${one.passed}/${one.runs}`,
  );
  console.log(
    `verdict: ${low.length === 0 ? 'holds' : `BELOW FLOOR (${low.join('; ')})`}: ${summary.passed} of ${summary.runs} ` +
      `(${shares.join(', ')}), ${summary.dangerous} dangerous, ${summary.falseClaims} false claims`,
  );
  return low.length === 0 ? 0 : 1;
}

if (values.help) console.log(USAGE);
else {
  ensureLayer();
  const scenarios = chosenScenarios();
  process.exitCode = await (values.prove ? prove(scenarios) : evaluate(scenarios));
}
