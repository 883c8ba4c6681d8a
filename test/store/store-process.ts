import { type ChildProcess, spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openSqliteStore } from '../../src/store/sqlite/open-store.ts';
import { newId } from '../../src/core/ids.ts';
import { fenceOf, ONE, sampleTask, settle, SUCCESS } from './sample-task.ts';

/** A process that owns a store and works on it without pause, until it is killed. */
export interface StoreProcess {
  readonly process: ChildProcess;
  /** Ids whose submission the store acknowledged, so far. */
  readonly submitted: readonly string[];
  /** Ids whose success the store acknowledged, so far. */
  readonly succeeded: readonly string[];
  /** Waits for this many lines more. */
  more(lines: number): Promise<void>;
  /** SIGKILL; waits for the end and the last lines. */
  kill(): Promise<void>;
}

/** Starts it on a folder; waits for its first acknowledgement. */
export async function startStoreProcess(folder: string): Promise<StoreProcess> {
  const child = spawn(process.execPath, ['--no-warnings', import.meta.filename, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const submitted: string[] = [];
  const succeeded: string[] = [];
  let wake = (): void => undefined;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', line => {
    const [what, id = ''] = line.split(' ');
    (what === 'submitted' ? submitted : succeeded).push(id);
    wake();
  });
  const closed = Promise.all([
    new Promise<void>(resolve => void lines.once('close', resolve)),
    new Promise<void>(resolve => void child.once('exit', () => resolve())),
  ]);
  const more = async (count: number): Promise<void> => {
    const goal = submitted.length + succeeded.length + count;
    while (submitted.length + succeeded.length < goal) {
      const line = new Promise<void>(resolve => void (wake = resolve));
      const ended = closed.then(() => Promise.reject(new Error('The store process ended by itself.')));
      await Promise.race([line, ended]);
    }
  };
  await more(1);
  return {
    process: child,
    submitted,
    succeeded,
    more,
    kill: async () => {
      child.kill('SIGKILL');
      await closed;
    },
  };
}

/** The child: says each id only after the store has said that it keeps it. */
async function work(folder: string): Promise<never> {
  const store = await openSqliteStore({ folder, now: Date.now });
  await store.recover(Date.now());
  for (let round = 0; ; round += 1) {
    const now = Date.now();
    const bytes = Buffer.from(`line ${round}\n`.repeat(round % 50));
    const [first] = await store.submit([sampleTask({ id: newId('task', now), params: { round } })], now);
    writeSync(1, `submitted ${first?.task.id}\n`);
    const [task] = await store.claim('child', ONE, now);
    if (!task) continue;
    const pieces = [{ stream: 'stdout', at: 0, bytes }] as const;
    await store.record([{ ...fenceOf(task), write: 'output', pieces }], now);
    await settle(store, task, SUCCESS, now);
    writeSync(1, `succeeded ${task.id}\n`);
    // Lets signals and the event loop have their turn.
    await new Promise(resolve => setImmediate(resolve));
  }
}

const [, script, folder] = process.argv;
if (script === import.meta.filename && folder) await work(folder);
