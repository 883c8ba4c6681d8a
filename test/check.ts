/**
 * `npm run check`: everything that can be known without a host, in well under a minute.
 * Each part is a tool of node_modules/.bin; two run at a time, because a small machine has two cores.
 */
import { spawn } from 'node:child_process';
import { delimiter, join } from 'node:path';

interface Part {
  readonly name: string;
  readonly tool: string;
  readonly arguments: readonly string[];
}

interface Outcome {
  readonly part: Part;
  readonly passed: boolean;
  /** Milliseconds. */
  readonly duration: number;
  readonly output: string;
}

const project = join(import.meta.dirname, '..');
const tools = join(project, 'node_modules/.bin');
const atOnce = 2;

/** Longest first, so that the last one to end is a short one. */
const parts: readonly Part[] = [
  { name: 'unit tests', tool: 'vitest', arguments: ['run', '--project', 'unit'] },
  {
    name: 'lint',
    tool: 'oxlint',
    arguments: ['--type-aware', '--deny-warnings', 'src', 'test', 'bench', 'console/src'],
  },
  { name: 'types', tool: 'tsc', arguments: ['-p', 'tsconfig.json'] },
  { name: 'types of the console', tool: 'tsc', arguments: ['-p', 'console'] },
  { name: 'dead code', tool: 'knip', arguments: [] },
  { name: 'format', tool: 'biome', arguments: ['format', '.'] },
];

/** Runs one part to its end; what it prints is kept and shown whole only when it fails. */
function runPart(part: Part): Promise<Outcome> {
  const begun = performance.now();
  return new Promise(resolve => {
    const pieces: Buffer[] = [];
    const child = spawn(join(tools, part.tool), part.arguments, {
      cwd: project,
      env: { ...process.env, PATH: `${tools}${delimiter}${process.env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const finish = (passed: boolean): void =>
      resolve({
        part,
        passed,
        duration: performance.now() - begun,
        output: Buffer.concat(pieces).toString(),
      });
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    child.on('error', error => {
      pieces.push(Buffer.from(`${part.tool} did not start: ${error.message}\n`));
      finish(false);
    });
    child.on('close', code => finish(code === 0));
  });
}

/** The counts of vitest's summary: `Tests  320 passed (320)`. Other tools: nothing. */
function summaryOf(outcome: Outcome): string {
  // oxlint-disable-next-line no-control-regex -- colours are what is removed
  const plain = outcome.output.replaceAll(/\u001B\[[0-9;]*m/g, '');
  const tests = /^\s*Tests\s+(.+)$/m.exec(plain)?.[1];
  return tests ? `  ${tests.trim()}` : '';
}

function report(outcome: Outcome): void {
  const mark = outcome.passed ? 'ok    ' : 'FAILED';
  const seconds = `${(outcome.duration / 1000).toFixed(1)} s`.padStart(7);
  if (!outcome.passed) console.log(`\n--- ${outcome.part.name}\n${outcome.output.trimEnd()}\n---`);
  console.log(`${mark} ${outcome.part.name.padEnd(20)} ${seconds}${summaryOf(outcome)}`);
}

const begun = performance.now();
const waiting = [...parts];
const outcomes: Outcome[] = [];
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let part = waiting.shift(); part; part = waiting.shift()) {
      const outcome = await runPart(part);
      report(outcome);
      outcomes.push(outcome);
    }
  }),
);
const failed = outcomes.filter(outcome => !outcome.passed).length;
const seconds = Math.round((performance.now() - begun) / 1000);
console.log(`check: ${outcomes.length - failed} passed, ${failed} failed in ${seconds} s`);
process.exitCode = failed === 0 ? 0 : 1;
