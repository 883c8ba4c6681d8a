import { setTimeout as pause } from 'node:timers/promises';
import { isFinal } from '../../src/core/task-state.ts';
import { DaemonUnderTest, killNow } from './daemon-under-test.ts';
import { type Fault, type FaultKit, pick, randomBetween } from './fault.ts';
import { FileMoves, type Move } from './file-moves.ts';
import { partsLeft } from './file-trees.ts';
import { labFleet, type LabFleet } from './lab-fleet.ts';

/** Milliseconds that all transfers of a round take together, about. */
const WHOLE = 6000;
/** Rounds of hits at random moments: so many, or what can be done in so many milliseconds, but not fewer than this. */
const [MOST, LONG, FEWEST] = [12, 900_000, 5];

/** Transfers of every kind, stopped and hit at every phase: whole in the end, or nothing half-written is left. */
export const fault: Fault = {
  id: 'FILES',
  title: 'cancel, kill -9 and a cut link at every phase of put, get, sync and cp',
  async run(kit) {
    await using fleet = await labFleet([170, 171], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    await daemon.api.setLimits({ total: 20, perHost: 20 });
    const moves = new FileMoves(daemon, fleet, kit);
    await moves.prepare({ files: kit.short ? 400 : 2000, big: 12_000_000 });
    const hits = new Hits(daemon, fleet, kit, moves);
    await hits.phases();
    const begun = performance.now();
    const isEnough = (rounds: number): boolean =>
      rounds >= (kit.short ? 1 : FEWEST) && (kit.short || rounds >= MOST || performance.now() - begun > LONG);
    for (let round = 0; !isEnough(round); round += 1) {
      // the golden ratio: however many there are, they are spread over the whole
      const moment = Math.round(((0.5 + round * 0.618) % 1) * WHOLE);
      await hits.cancel(`${moment} ms`, async () => await pause(moment));
      await hits.survive('kill -9 of the daemon', async () => {
        await daemon.kill();
        await daemon.start();
      });
      await hits.survive('kill -9 of an executor', async () => {
        killNow(pick(await daemon.executors()));
      });
      await hits.survive('a cut link', async () => {
        for (const host of fleet.hosts) await host.net('blackhole');
        await pause(randomBetween(1000, 8000));
        for (const host of fleet.hosts) await host.net('ok');
      });
      await hits.survive('every connection reset', async () => {
        for (const host of fleet.hosts)
          await host.run('kill -9 $(pgrep -f "sshd-session: root@notty|sshd: root@notty")');
      });
    }
  },
};

class Hits {
  readonly #daemon: DaemonUnderTest;
  readonly #fleet: LabFleet;
  readonly #kit: FaultKit;
  readonly #moves: FileMoves;

  constructor(daemon: DaemonUnderTest, fleet: LabFleet, kit: FaultKit, moves: FileMoves) {
    [this.#daemon, this.#fleet, this.#kit, this.#moves] = [daemon, fleet, kit, moves];
  }

  /** Each transfer is cancelled as soon as it is seen in a phase. */
  async phases(): Promise<void> {
    const phases: Readonly<Record<Move, readonly string[]>> = {
      put: ['connecting', 'validating', 'preparing', 'uploading', 'verifying'],
      push: ['validating', 'preparing', 'uploading', 'verifying'],
      get: ['validating', 'preparing', 'downloading', 'verifying'],
      pull: ['validating', 'preparing', 'downloading', 'verifying'],
      both: ['validating', 'preparing', 'uploading', 'downloading', 'verifying'],
      cp: ['connecting', 'validating', 'copying', 'verifying'],
    };
    for (let turn = 0; turn < (this.#kit.short ? 3 : 5); turn += 1) {
      await this.#cancelled(`turn ${turn} of phases`, async ids => {
        await Promise.all(
          [...ids].map(async ([move, id]) => {
            const phase = phases[move][turn % phases[move].length] ?? '';
            await this.#daemon.seen(id, phase, task => task.phase === phase || isFinal(task.state));
            await this.#cancel(id);
          }),
        );
      });
    }
  }

  /** All are cancelled at the same moment. */
  async cancel(when: string, wait: () => Promise<void>): Promise<void> {
    await this.#cancelled(`at ${when}`, async ids => {
      await wait();
      await Promise.all([...ids.values()].map(async id => await this.#cancel(id)));
    });
  }

  async #cancelled(when: string, stop: (ids: ReadonlyMap<Move, string>) => Promise<void>): Promise<void> {
    const ids = await this.#moves.begin();
    await stop(ids);
    const ends: string[] = [];
    const wrong: string[] = [];
    const stopped: Move[] = [];
    const whole: Move[] = [];
    for (const [move, id] of ids) {
      const { state, error } = await this.#daemon.ended(id);
      ends.push(`${move} ${state}`);
      if (state !== 'cancelled' && state !== 'succeeded') wrong.push(`${move}: ${state} ${error?.code}`);
      (state === 'succeeded' ? whole : stopped).push(move);
    }
    const [left, different, ...halves] = await Promise.all([
      partsLeft(this.#kit.folder, this.#fleet.hosts),
      this.#different(whole),
      ...stopped.map(async move => await this.#moves.halves(move)),
    ]);
    wrong.push(...different, ...halves.flat());
    this.#kit.check(
      wrong.length === 0 && left.length === 0,
      `cancel ${when}: ${ends.join(', ')}; ${[...wrong, ...left].slice(0, 5).join('; ') || 'nothing half, nothing left'}`,
    );
    await this.#moves.clear();
  }

  /** Something happens at a random moment; all must be whole in the end. */
  async survive(what: string, happen: () => Promise<void>): Promise<void> {
    const ids = await this.#moves.begin();
    const after = randomBetween(0, WHOLE);
    await pause(after);
    await happen();
    const wrong: string[] = [];
    const whole: Move[] = [];
    let claims = 0;
    for (const [move, id] of ids) {
      const { state, error, claim } = await this.#daemon.ended(id);
      claims += claim;
      if (state === 'succeeded') whole.push(move);
      else wrong.push(`${move}: ${state} ${error?.code} ${error?.message}`);
    }
    const [left, different] = await Promise.all([
      partsLeft(this.#kit.folder, this.#fleet.hosts),
      this.#different(whole),
    ]);
    wrong.push(...different);
    this.#kit.check(
      wrong.length === 0 && left.length === 0,
      `${what} after ${after} ms: ${ids.size} transfers, ${claims} claims; ${[...wrong, ...left].slice(0, 5).join('; ') || 'all whole, nothing left'}`,
    );
    await this.#moves.clear();
  }

  /** What is not as its source, of those that say that they succeeded. All are looked at side by side. */
  async #different(moves: readonly Move[]): Promise<readonly string[]> {
    const seen = await Promise.all(moves.map(async move => [move, await this.#moves.differs(move)] as const));
    return seen.flatMap(([move, different]) =>
      different === '' ? [] : [`${move}: not whole: ${different}`],
    );
  }

  async #cancel(id: string): Promise<void> {
    // it may have ended by itself meanwhile
    await this.#daemon.api.cancel(id, false).catch(() => undefined);
  }
}
