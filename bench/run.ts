/**
 * `npm run bench -- [P01 …] [--assert] [--record] [--quick] [--plain]`: answers questions of speed beside a peer, in turns, in one run.
 * Absolute times on a shared machine mean nothing; ratios do. `--record` appends to bench/RESULTS.md;
 * `--assert` ends with 1 when a target is missed; `--quick` only shows that the benches work; `--plain` moves files to a plain sshd
 * instead of a booted host. What needs hosts takes them from the lab;
 * booted ones need root. What runs in this process runs as in a daemon: with its heap flags.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { labAvailable } from '../test/lab/lab.ts';
import { runProgram } from './lab-link.ts';
import { cut, endWhenCut } from './on-cut.ts';
import { judge, type Question } from './question.ts';

const files = {
  P01: 'p01.ts',
  P02: 'p02.ts',
  P03: 'p03.ts',
  P04: 'p04.ts',
  P05: 'p05.ts',
  P06: 'p06.ts',
  P07: 'p07.ts',
  P08: 'p08.ts',
  P09: 'p09.ts',
  P10: 'p10.ts',
  P11: 'p11.ts',
  P12: 'p12.ts',
  P13: 'p13.ts',
  P14: 'p14.ts',
  P15: 'p15.ts',
  P16: 'p16.ts',
  P17: 'p17.ts',
  P18: 'p18.ts',
  P20: 'p20.ts',
};
type Id = keyof typeof files;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    assert: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    plain: { type: 'boolean', default: false },
  },
});
const unknown = positionals.filter(name => !Object.hasOwn(files, name));
if (unknown.length > 0) {
  console.error(`No such bench: ${unknown.join(', ')}. There are ${Object.keys(files).join(', ')}.`);
  process.exit(2);
}
endWhenCut();
const can = labAvailable();

/** What else the machine was doing: figures of a busy machine are worth less. */
const loadBefore = loadavg()[0]?.toFixed(1) ?? 'unknown';
const begun = new Date().toISOString().slice(0, 16).replace('T', ' ');
const RESULTS = join(import.meta.dirname, 'RESULTS.md');
const recorded = existsSync(RESULTS) ? readFileSync(RESULTS, 'utf8') : '';
const page: string[] = [];
const say = (line: string): void => {
  console.log(line);
  page.push(line);
};
let met = 0;
let missed = 0;
for (const id of positionals.length > 0 ? (positionals as Id[]) : (Object.keys(files) as Id[])) {
  const { question } = (await import(`./${files[id]}`)) as { question: Question };
  say(`${question.id}  ${question.title}${values.plain ? '; files to a plain sshd' : ''}`);
  try {
    await answer(question);
  } catch (error) {
    // the others still have something to say
    const reason: unknown = cut.aborted ? cut.reason : error;
    say(`    no answer: ${reason instanceof Error ? reason.message : String(reason)}`);
    missed += 1;
  }
  record();
  if (cut.aborted) break;
}
console.log(`bench: ${met} met, ${missed} missed`);
process.exitCode = values.assert && missed > 0 ? 1 : 0;

async function answer(question: Question): Promise<void> {
  const { hosts = 'booted', peers } = question;
  if ((hosts === 'booted' && !can.booted) || (hosts === 'light' && !can.plain)) throw new Error(can.why);
  const options = { quick: values.quick, isPlain: values.plain, say: (line: string) => say(`    ${line}`) };
  const found = question.run(options);
  for await (const comparison of Symbol.asyncIterator in found ? found : await found) {
    const judged = judge(comparison);
    for (const line of judged.lines) say(line);
    if (judged.met === true) met += 1;
    if (judged.met === false) missed += 1;
    record();
  }
  say(`    verified: ${question.verified}`);
  if (peers.length > 0) say(`    peer: ${(await Promise.all(peers.map(versionOf))).join('; ')}`);
}

async function versionOf(commandLine: string): Promise<string> {
  const [file = '', ...words] = commandLine.split(' ');
  const { stdout, stderr } = await runProgram(file, words);
  return (stdout || stderr).split('\n')[0]?.trim() ?? file;
}

/** After each part, so that a run that is broken off is not lost. */
function record(): void {
  if (!values.record || values.quick) return;
  const memory = Math.round(totalmem() / 2 ** 30);
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'cpu'}, ${memory} GiB, Linux ${release()}, node ${process.version}, load average before: ${loadBefore}`;
  const head = recorded.startsWith('#') ? '' : '# Results of the benches\n';
  writeFileSync(
    RESULTS,
    `${recorded}${head}\n## ${begun}\n\n${machine}\n\n\`\`\`text\n${page.join('\n')}\n\`\`\`\n`,
  );
}
