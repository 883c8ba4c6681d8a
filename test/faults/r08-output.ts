import { setTimeout as pause } from 'node:timers/promises';
import { DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import type { Fault } from './fault.ts';
import { labFleet, onHost } from './lab-fleet.ts';
import { readOutput } from './task-output.ts';

/** Kibibytes that a process may grow by while the output comes in, with somebody reading it slowly. */
const ROOM = 64 * 1024;
/** The same while all of it is read again as fast as it goes: what the collector leaves lying about. */
const ROOM_READING = 256 * 1024;
/** Lines of `seq 1 N` that make about this many bytes. */
const LINES = { warm: 16_000_000, short: 110_000_000, whole: 1_000_000_000 };

/** Far more output than there is memory for, and somebody who reads it slowly. */
export const fault: Fault = {
  id: 'R08',
  title: 'gigabytes of output from one command, with a slow reader',
  async run({ short, folder, say, check }) {
    const lines = short ? LINES.short : LINES.whole;
    await using fleet = await labFleet([40], folder, { kind: 'plain' });
    const [host] = fleet.hosts;
    if (!host) throw new Error('no host');
    await using daemon = await DaemonUnderTest.start(folder);
    const begin = async (command: string, outputLimit: number): Promise<string> => {
      const params = { command, outputLimit };
      const { surroundings } = fleet;
      const { tasks } = await daemon.api.submit({
        kind: 'ssh.execute',
        hosts: host.name,
        params,
        surroundings,
      });
      return tasks[0]?.id ?? '';
    };
    // the same in small: what the collector leaves lying about is there before, and only growth with size counts
    const warm = await begin(`seq 1 ${LINES.warm}`, 1024 ** 3);
    const warmReader = readSlowly(daemon, warm, 5000);
    await daemon.ended(warm);
    await warmReader;
    const [executor = 0] = await daemon.executors();
    const base = { daemon: memoryOf(daemon.pid), executor: memoryOf(executor) };
    const most = { ...base };
    const watching = setInterval(() => {
      most.daemon = Math.max(most.daemon, memoryOf(daemon.pid));
      most.executor = Math.max(most.executor, memoryOf(executor));
    }, 50);
    try {
      const begun = performance.now();
      const whole = await begin(`seq 1 ${lines}`, 16 * 1024 ** 3);
      const reader = readSlowly(daemon, whole, 30_000);
      const task = await daemon.ended(whole, 3_600_000);
      const seconds = (performance.now() - begun) / 1000;
      const read = await reader;
      for (const who of ['daemon', 'executor'] as const) {
        const grown = most[who] - base[who];
        check(
          grown <= ROOM,
          `${who}: ${mebibytes(base[who])}, at most ${mebibytes(grown)} more while it came in`,
        );
      }
      const expected = (await onHost(host, `seq 1 ${lines} | sha256sum`, 3_600_000)).split(' ')[0];
      const { bytes, sha256, breaks } = await readOutput(daemon, whole);
      say(
        `${(bytes / 1024 ** 2).toFixed(0)} MiB in ${seconds.toFixed(1)} s; the slow reader got ${read} pieces meanwhile`,
      );
      check(
        task.state === 'succeeded' && task.result?.['truncated'] === false,
        `${task.state}, and said to be complete`,
      );
      check(sha256 === expected && breaks === 0, `equal to the host's, ${breaks} breaks`);
      const capped = await daemon.ended(await begin(`seq 1 ${LINES.warm}`, 16 * 1024 ** 2), 600_000);
      const kept = await readOutput(daemon, capped.id);
      check(
        capped.result?.['truncated'] === true && Number(capped.result['stdoutBytes']) > kept.bytes,
        `over its limit: ${kept.bytes} bytes kept, ${String(capped.result?.['stdoutBytes'])} counted, said so`,
      );
    } finally {
      clearInterval(watching);
    }
    const grown = most.daemon - base.daemon;
    check(grown <= ROOM_READING, `daemon: at most ${mebibytes(grown)} more while all of it was read again`);
  },
};

function mebibytes(kibibytes: number): string {
  return `${(kibibytes / 1024).toFixed(0)} MiB`;
}

/** Follows and takes a rest after each piece, for `longest` milliseconds at most. Gives the pieces it got. */
async function readSlowly(daemon: DaemonUnderTest, id: string, longest: number): Promise<number> {
  const signal = AbortSignal.timeout(longest);
  let pieces = 0;
  for await (const item of daemon.api.follow(id, { signal })) {
    if (item.item === 'output') pieces += 1;
    await pause(50, undefined, { signal }).catch(() => undefined);
  }
  return pieces;
}
