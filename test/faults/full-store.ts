import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { TaskView } from '../../src/api/task-api.ts';
import { DeckhandError } from '../../src/core/deckhand-error.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import type { FaultKit } from './fault.ts';
import { makeTree, manifestHere, manifestThere, partsLeft } from './file-trees.ts';
import { type LabFleet, onHost } from './lab-fleet.ts';

/** The store's file system fills up while files move: what was accepted ends, what comes is refused, all is kept. */
export async function fullStore(kit: FaultKit, fleet: LabFleet): Promise<void> {
  const [host] = fleet.hosts;
  if (!host) return;
  const state = join(kit.folder, 'store');
  const source = join(kit.folder, 'store-source');
  mkdirSync(state, { recursive: true });
  makeTree(source, { files: 300, big: 12_000_000 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'none', state]);
  try {
    const folder = join(kit.folder, 'full');
    const submission = (name: string): Parameters<DaemonUnderTest['api']['submit']>[0] => ({
      kind: 'scp.upload',
      hosts: host.name,
      params: { source, target: `/srv/store/${name}`, rateLimit: 4 * 1024 ** 2 },
      surroundings: fleet.surroundings,
    });
    const acknowledged: string[] = [];
    const ended: TaskView[] = [];
    {
      await using daemon = await DaemonUnderTest.start(folder, { XDG_STATE_HOME: state });
      const rounds = kit.short ? 3 : 12;
      for (let round = 0; round < rounds; round += 1) {
        const { tasks } = await daemon.api.submit(submission(`r${round}`));
        const id = tasks[0]?.id ?? '';
        acknowledged.push(id);
        // at another moment each time
        await new Promise(resolve => setTimeout(resolve, (round * 3500) / rounds));
        fillUp(state);
        const refusal = await codeOf(daemon.api.submit(submission('refused')));
        kit.check(refusal === 'store.full', `full store, round ${round}: a new task is refused: ${refusal}`);
        if (round % 2 === 1) {
          // in the dark: no room, and no process
          await daemon.kill();
          rmSync(join(state, 'fill'));
          await daemon.start();
        } else {
          await new Promise(resolve => setTimeout(resolve, 3000));
          rmSync(join(state, 'fill'));
        }
        ended.push(await daemon.ended(id));
      }
    }
    const wanted = manifestHere(source);
    for (const [index, task] of ended.entries()) {
      const there = `/srv/store/r${index}`;
      const isWhole =
        task.state === 'succeeded'
          ? (await manifestThere(host, there)) === wanted
          : (await host.run(`test -e ${there}`)).code !== 0;
      kit.check(
        isWhole && (task.state === 'succeeded' || task.error?.code === 'store.full'),
        `full store, round ${index}: ${task.state} ${task.error?.code ?? ''}, ${isWhole ? 'as it says' : 'NOT as it says'}`,
      );
    }
    kit.check(
      (await partsLeft(kit.folder, [host])).length === 0,
      'full store: no part of a transfer is left on the host',
    );
    await using again = await DaemonUnderTest.start(folder, { XDG_STATE_HOME: state });
    const known = await Promise.all(acknowledged.map(async id => (await again.api.task(id)).state));
    kit.check(
      known.length === acknowledged.length && known.every(one => one === 'succeeded' || one === 'failed'),
      `full store: it opens again, and knows all ${known.length} tasks that were accepted`,
    );
    await onHost(host, 'rm -rf /srv/store');
  } finally {
    execFileSync('umount', ['-l', state]);
  }
  kit.check(readdirSync(state).length === 0, 'full store: nothing was written beside it');
}

/** Every byte, as a log or a copy of somebody else would. */
function fillUp(folder: string): void {
  execFileSync('sh', ['-c', 'cat /dev/zero >"$1/fill" 2>/dev/null; true', 'sh', folder]);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'nothing';
  } catch (error) {
    return error instanceof DeckhandError ? error.code : String(error);
  }
}
