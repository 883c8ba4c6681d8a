import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DaemonUnderTest, memoryOf } from './daemon-under-test.ts';
import type { Fault } from './fault.ts';
import { labFleet, onHost } from './lab-fleet.ts';
import { readOutput } from './task-output.ts';

/**
 * Kibibytes by which the most that a process had in memory while much came in may exceed the most it had while less did,
 * with somebody reading slowly both times. Peaks are compared with peaks, and both are behind the first 100 MiB: what is
 * alive stays at a third of what is resident whatever came in, but the runtime lets 64 MiB of buffers become garbage
 * before it looks, and the allocator keeps as much of what was freed. A busy machine gets there late, a quiet one at once.
 */
const ROOM = 64 * 1024;
/** The same while all of it is read again as fast as it goes. */
const ROOM_READING = 256 * 1024;
/** Lines of `seq 1 N`: 200 MB, 500 MB, 10 GB. */
const LINES = { little: 24_000_000, short: 60_000_000, whole: 1_000_000_000 };
/** Times that the little comes: once does not always show all that the runtime takes for it. */
const ROUNDS = 2;
/** Milliseconds that the slow reader stays at least, and what it rests after each piece. */
const READING = 15_000;
const REST = 100;
const LOOK = 50;
/** Milliseconds for one of them, however slow the machine. */
const LONGEST = 3_600_000;

interface Peaks {
  readonly daemon: number;
  /** Of the executor that had the most. */
  readonly executor: number;
}

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
    const little = await peaksDuring(daemon, async () => {
      for (let round = 0; round < ROUNDS; round += 1)
        await readSlowly(daemon, await begin(`seq 1 ${LINES.little}`, 1024 ** 3));
    });
    const whole = await begin(`seq 1 ${lines}`, 16 * 1024 ** 3);
    let reading = '';
    const much = await peaksDuring(daemon, async () => {
      const { seconds, pieces } = await readSlowly(daemon, whole);
      reading = `in ${seconds.toFixed(1)} s; the slow reader got ${pieces} pieces meanwhile`;
    });
    for (const who of ['daemon', 'executor'] as const)
      check(
        little[who] > 0 && much[who] - little[who] <= ROOM,
        `${who}: at most ${mebibytes(little[who])} while a little came in, ${mebibytes(much[who] - little[who])} more while much did`,
      );
    const again = await peaksDuring(daemon, async () => {
      const expected = (await onHost(host, `seq 1 ${lines} | sha256sum`, LONGEST)).split(' ')[0];
      const { bytes, sha256, breaks } = await readOutput(daemon, whole);
      const task = await daemon.ended(whole);
      say(`${mebibytes(bytes / 1024)} ${reading}`);
      check(
        task.state === 'succeeded' && task.result?.['truncated'] === false,
        `${task.state}, and said to be complete`,
      );
      check(sha256 === expected && breaks === 0, `equal to the host's, ${breaks} breaks`);
      const capped = await daemon.ended(await begin(`seq 1 ${LINES.little}`, 16 * 1024 ** 2), 600_000);
      const kept = await readOutput(daemon, capped.id);
      check(
        capped.result?.['truncated'] === true && Number(capped.result['stdoutBytes']) > kept.bytes,
        `over its limit: ${kept.bytes} bytes kept, ${String(capped.result?.['stdoutBytes'])} counted, said so`,
      );
    });
    const grown = again.daemon - little.daemon;
    check(grown <= ROOM_READING, `daemon: ${mebibytes(grown)} more while all of it was read again`);
  },
};

function mebibytes(kibibytes: number): string {
  return `${(kibibytes / 1024).toFixed(0)} MiB`;
}

/** The most that the daemon and its executors had in memory until `work` was done. */
async function peaksDuring(daemon: DaemonUnderTest, work: () => Promise<void>): Promise<Peaks> {
  const peaks = { daemon: 0, executor: 0 };
  const watching = setInterval(() => {
    peaks.daemon = Math.max(peaks.daemon, memoryOf(daemon.pid));
    peaks.executor = Math.max(peaks.executor, ...executorsOf(daemon).map(memoryOf));
  }, LOOK);
  try {
    await work();
  } finally {
    clearInterval(watching);
  }
  return peaks;
}

/** What the daemon's main thread has started; asking the daemon itself would be work that is measured. */
function executorsOf({ pid }: DaemonUnderTest): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').map(Number).filter(Boolean);
  } catch {
    return [];
  }
}

/** Follows, with a rest after each piece, until the task has ended. Gives how long that took, and the pieces it got. */
async function readSlowly(
  daemon: DaemonUnderTest,
  id: string,
): Promise<{ readonly seconds: number; readonly pieces: number }> {
  const leave = new AbortController();
  const { signal } = leave;
  const begun = performance.now();
  let pieces = 0;
  const read = async (): Promise<void> => {
    for await (const item of daemon.api.follow(id, { signal })) {
      if (item.item === 'output') pieces += 1;
      await pause(REST, undefined, { signal }).catch(() => undefined);
    }
  };
  const stay = async (): Promise<number> => {
    await daemon.ended(id, LONGEST);
    const time = performance.now() - begun;
    await pause(Math.max(0, READING - time));
    leave.abort();
    return time / 1000;
  };
  const [seconds] = await Promise.all([stay(), read()]);
  return { seconds, pieces };
}
