/**
 * `npm run faults -- [--short] [R01 …]`: does real faults to a real daemon and real hosts, and says whether what must
 * hold does. Each fault prints its figures and one verdict; the exit code is 1 when one is missed. Needs root: the
 * hosts are the lab's. `--lanes N` carries out N faults side by side (default 3).
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { lab, labAvailable } from '../lab/lab.ts';
import type { Fault } from './fault.ts';

/** The longest first, so that none is alone at the end. */
const files = {
  B01: 'b01-holder.ts',
  R01: 'r01-kills.ts',
  R02: 'r02-network.ts',
  R16: 'r16-soak.ts',
  FILES: 'files.ts',
  PHASES: 'phases.ts',
  R08: 'r08-output.ts',
  R03: 'r03-hosts.ts',
  R04: 'r04-full.ts',
  R09: 'r09-hostile.ts',
  R10: 'r10-names.ts',
  TREES: 'trees.ts',
  SOAK: 'soak.ts',
  MANY: 'many.ts',
  LARGE: 'large.ts',
  L14: 'l14-idle.ts',
  B08: 'b08-holes.ts',
  R05: 'r05-cancel.ts',
  R07: 'r07-frozen.ts',
  R06: 'r06-power.ts',
  LIMITS: 'limits.ts',
  REPLY: 'lost-reply.ts',
};
type Id = keyof typeof files;
/** Of faults that were missed: who keeps only the end of all this keeps what matters. */
const lastLines: string[] = [];
/** Its limits are seconds: nothing else goes on meanwhile. */
const ALONE: readonly Id[] = ['R05'];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, lanes: { type: 'string', default: '3' } },
});
const unknown = positionals.filter(name => !Object.hasOwn(files, name));
if (unknown.length > 0) {
  console.error(`No such fault: ${unknown.join(', ')}. There are ${Object.keys(files).join(', ')}.`);
  process.exit(2);
}
const can = labAvailable();
if (!can.booted) {
  console.error(`The faults need lab hosts: ${can.why}.`);
  process.exit(2);
}
const chosen = (positionals.length > 0 ? positionals : Object.keys(files)) as Id[];
const [only] = chosen;
if (chosen.length === 1 && only) {
  process.exitCode = (await carryOut(only)) ? 0 : 1;
} else {
  await lab(['template'], 20 * 60_000);
  const together = chosen.filter(id => !ALONE.includes(id));
  const missed = [
    ...(await inLanes(together, Number(values.lanes))),
    ...(await inLanes(
      chosen.filter(id => ALONE.includes(id)),
      1,
    )),
  ];
  for (const text of lastLines) console.log(text);
  console.log(
    `faults: ${chosen.length - missed.length} held, ${missed.length} missed${missed.length > 0 ? `: ${missed.join(', ')}` : ''}; ${(performance.now() / 1000).toFixed(0)} s`,
  );
  process.exitCode = missed.length > 0 ? 1 : 0;
}

async function carryOut(id: Id): Promise<boolean> {
  const { fault } = (await import(`./${files[id]}`)) as { fault: Fault };
  const folder = await mkdtemp(join(tmpdir(), `fault-${id.toLowerCase()}-`));
  const failed: string[] = [];
  let checks = 0;
  console.log(`${fault.id}  ${fault.title}`);
  try {
    await fault.run({
      short: values.short,
      folder,
      say: line => console.log(`    ${line}`),
      check: (holds, what) => {
        checks += 1;
        if (!holds) failed.push(what);
        console.log(`    ${holds ? 'ok  ' : 'MISS'} ${what}`);
      },
    });
  } catch (error) {
    checks += 1;
    failed.push('it came to an end');
    console.log(`    MISS ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  if (failed.length === 0) await rm(folder, { recursive: true, force: true });
  else console.log(`    everything of it is in ${folder}`);
  const verdict = failed.length === 0 && checks > 0 ? 'held' : 'MISSED';
  console.log(
    `${fault.id}  ${verdict}: ${checks - failed.length} of ${checks} checks, ${(performance.now() / 1000).toFixed(0)} s`,
  );
  return verdict === 'held';
}

/** Each in a process of its own; its lines are printed when it has ended. */
async function inLanes(ids: Id[], lanes: number): Promise<readonly Id[]> {
  const missed: Id[] = [];
  const lane = async (): Promise<void> => {
    for (let id = ids.shift(); id; id = ids.shift()) {
      const { code, text } = await inProcess(id);
      process.stdout.write(code === 0 ? `${text}\n` : `${id}  missed: its lines come after all others\n\n`);
      if (code === 0) continue;
      missed.push(id);
      lastLines.push(text);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, lanes) }, lane));
  return missed;
}

async function inProcess(id: Id): Promise<{ readonly code: number | null; readonly text: string }> {
  const words = [import.meta.filename, id, ...(values.short ? ['--short'] : [])];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const take = (bytes: Buffer): void => {
    text += bytes.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return await new Promise(resolve => child.once('close', code => resolve({ code, text })));
}
