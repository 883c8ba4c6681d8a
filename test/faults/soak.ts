import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TransferResult } from '../../src/core/transfer-params.ts';
import type { TaskView } from '../../src/api/task-api.ts';
import { DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import { type Fault, pick, randomBetween } from './fault.ts';
import { hashesHere, hashesThere, makeTree, partsLeft } from './file-trees.ts';
import { labFleet, type LabFleet, onHost } from './lab-fleet.ts';

/** Kibibytes that the engine may grow by after the first rounds. */
const ROOM = 120 * 1024;

/** Random edits on both sides, round after round: equal but for conflicts, all of them said, and no edit is lost. */
export const fault: Fault = {
  id: 'SOAK',
  title: 'sync in both directions, with random edits on both sides',
  async run({ short, folder, check, say }) {
    const rounds = short ? 25 : 500;
    await using fleet = await labFleet([159], folder);
    await using daemon = await DaemonUnderTest.start(folder);
    const soak = new Soak(daemon, fleet, join(folder, 'here'));
    await soak.begin();
    let [first, last] = [0, 0];
    for (let round = 0; round < rounds; round += 1) {
      const wrong = await soak.round();
      if (wrong.length > 0) check(false, `round ${round}: ${wrong.slice(0, 3).join('; ')}`);
      last = await soak.memory();
      if (round === 10) first = last;
    }
    const { edits, conflicts, travelled } = soak.counts;
    say(`${rounds} rounds, ${edits} edits, ${conflicts} conflicts, ${travelled} files travelled`);
    check(
      soak.counts.wrong === 0,
      `${soak.counts.wrong} rounds with a difference that was not said, or an edit that was lost`,
    );
    check(conflicts > rounds / 10, `${conflicts} conflicts were made and said`);
    check(last - first < ROOM, `the engine grew by ${((last - first) / 1024).toFixed(0)} MiB after round 10`);
    check((await partsLeft(folder, fleet.hosts)).length === 0, 'no part is left');
  },
};

const REMOTE = '/srv/soak';

class Soak {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #here: string;
  readonly counts = { edits: 0, conflicts: 0, travelled: 0, wrong: 0 };
  #names: string[] = [];
  #hot: string[] = [];

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, here: string) {
    [this.#daemon, this.#fleet, this.#here] = [daemon, fleet, here];
  }

  async begin(): Promise<void> {
    mkdirSync(this.#here, { recursive: true });
    makeTree(this.#here, { files: 120, big: 0 });
    await this.#sync('both');
    this.#names = [...hashesHere(this.#here).keys()];
  }

  /** What was not as it must be. */
  async round(): Promise<readonly string[]> {
    // some that both sides are likely to touch
    this.#hot = [pick(this.#names), pick(this.#names), pick(this.#names)];
    const mine = this.#edits();
    const theirs = this.#edits();
    execFileSync('sh', ['-c', mine.script], { cwd: this.#here });
    await onHost(this.#host(), `cd ${REMOTE} && ${theirs.script}`);
    const task = await this.#sync('both');
    const result = task.result as unknown as TransferResult | null;
    if (!result) return this.#count([`${task.state} ${task.error?.code} ${task.error?.message}`]);
    const conflicts = result.conflicts.map(({ path }) => `./${path}`);
    const [here, there] = [hashesHere(this.#here), await hashesThere(this.#host(), REMOTE)];
    const wrong: string[] = [];
    for (const name of new Set([...here.keys(), ...there.keys()])) {
      const isSaid = conflicts.some(path => name === path || name.startsWith(`${path}/`));
      if (here.get(name) !== there.get(name) && !isSaid) wrong.push(`${name} differs, and nobody said so`);
    }
    const kept = new Set([...here.values(), ...there.values()]);
    for (const [name, hash] of [...mine.made, ...theirs.made])
      if (!kept.has(hash)) wrong.push(`the edit of ${name} is lost`);
    if (wrong.length === 0 && conflicts.length === 0 && task.state !== 'succeeded')
      wrong.push(`${task.state} ${task.error?.message}`);
    if (conflicts.length > 0 && task.error?.code !== 'transfer.conflicts')
      wrong.push(`conflicts, but ${task.error?.code}`);
    this.counts.conflicts += conflicts.length;
    this.counts.travelled += result.files;
    // a person decides for this machine's side, and both are equal again
    if (conflicts.length > 0) await this.#sync('push');
    const after = [hashesHere(this.#here), await hashesThere(this.#host(), REMOTE)] as const;
    for (const name of new Set([...after[0].keys(), ...after[1].keys()]))
      if (after[0].get(name) !== after[1].get(name)) wrong.push(`${name} still differs`);
    this.#names = [...after[0].keys()];
    return this.#count(wrong);
  }

  async memory(): Promise<number> {
    const pids = [this.#daemon.pid, ...(await this.#daemon.executors())];
    return pids.reduce((sum, pid) => sum + memoryOf(pid), 0);
  }

  #count(wrong: readonly string[]): readonly string[] {
    if (wrong.length > 0) this.counts.wrong += 1;
    return wrong;
  }

  /** A few changes of one side, as shell text, and the hashes of what was made; no name is touched twice. */
  #edits(): { readonly script: string; readonly made: ReadonlyMap<string, string> } {
    const lines: string[] = [];
    const made: string[] = [];
    const hashes = new Map<string, string>();
    const touched = new Set<string>();
    for (let number = randomBetween(1, 8); number > 0; number -= 1) {
      const name = pick(randomBetween(0, 2) === 0 ? this.#hot : this.#names);
      if (touched.has(name)) continue;
      touched.add(name);
      const text = randomBytes(randomBetween(1, 40)).toString('hex');
      const fresh = `./new ${randomBetween(1, 60)}/${text.slice(0, 3)}`;
      const write = (path: string): void => {
        if (touched.has(`w${path}`)) return;
        touched.add(`w${path}`);
        lines.push(`mkdir -p "$(dirname '${path}')" 2>/dev/null && printf %s ${text} >'${path}'`);
        made.push(path);
        hashes.set(path, shaOf(text));
      };
      const kinds = [
        () => write(name),
        () => write(name),
        () => write(fresh),
        () => lines.push(`rm -f '${name}'`),
        () => lines.push(`chmod ${pick(['600', '644', '755'])} '${name}'`),
        () => lines.push(`mv '${name}' '${name}.${text.slice(0, 4)}'`),
        () => lines.push(`mkdir -p './empty ${text.slice(0, 2)}'`),
        () => lines.push(`ln -sfn '${text.slice(0, 9)}' './link ${text.slice(0, 1)}'`),
        () => lines.push(`touch '${name}'`),
      ];
      pick(kinds)();
      this.counts.edits += 1;
    }
    return { script: `{ ${[...lines, ':'].join('; ')}; } 2>/dev/null; true`, made: hashes };
  }

  async #sync(direction: 'both' | 'push'): Promise<TaskView> {
    const params = { local: this.#here, remote: REMOTE, direction, deleteExtra: true };
    const { surroundings } = this.#fleet;
    const submission = { kind: 'scp.sync', hosts: this.#host().name, params, surroundings };
    const id = await this.#daemon.submit(submission);
    return await this.#daemon.ended(id);
  }
  #host(): LabFleet['hosts'][number] {
    return this.#fleet.hosts[0] as LabFleet['hosts'][number];
  }
}

function shaOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
