import { setTimeout as pause } from 'node:timers/promises';
import { DaemonUnderTest, killNow } from './daemon-under-test.ts';
import type { Fault } from './fault.ts';
import { labFleet, onHost, processesOf } from './lab-fleet.ts';
import { longCommand } from './load-commands.ts';
import { readOutput } from './task-output.ts';

/** One long command outlives everything on our side, runs once, and is seen whole. */
export const fault: Fault = {
  id: 'B01',
  title: 'a long command over kills of daemon and executors, a dark network and a restart',
  async run({ short, folder, say, check }) {
    const length = short ? 40 : 300;
    const dark = short ? 10_000 : 60_000;
    await using fleet = await labFleet([106], folder);
    const [host] = fleet.hosts;
    if (!host) throw new Error('no host');
    await using daemon = await DaemonUnderTest.start(folder);
    const { tasks } = await daemon.api.submit({
      kind: 'ssh.execute',
      hosts: host.name,
      params: { command: `${longCommand('b01', length)}\nexit 7`, outputLimit: 64 * 1024 ** 2 },
      surroundings: fleet.surroundings,
      idempotencyKey: 'b01',
    });
    const id = tasks[0]?.id ?? '';
    const share = (length * 1000) / 10;
    await pause(share);
    for (const pid of await daemon.executors()) killNow(pid);
    await pause(share);
    await daemon.kill();
    await pause(share / 2);
    await daemon.start();
    await pause(share / 2);
    await host.net('blackhole');
    await pause(dark);
    await daemon.kill();
    await host.net('ok');
    await daemon.start();
    const task = await daemon.ended(id, length * 1000 + 300_000);
    const code = task.result?.['exitCode'];
    say(`${task.claim} claims, ${task.attempt} attempt`);
    check(
      task.state === 'failed' && code === 7,
      `${task.state} with exit code ${String(code)}, wanted failed with 7`,
    );
    const runs = (await onHost(host, 'grep -c b01 /root/counter')).trim();
    check(runs === '1', `it ran ${runs} times`);
    for (const stream of ['stdout', 'stderr'] as const) {
      const { bytes, sha256, breaks } = await readOutput(daemon, id, stream);
      const [theirs] = (await onHost(host, `sha256sum /root/${stream}-b01`)).split(' ');
      check(
        sha256 === theirs && breaks === 0,
        `${stream}: ${bytes} bytes, equal to the host's, ${breaks} breaks`,
      );
    }
    check((await processesOf(host, 'task-')).length === 0, 'no process of it is left');
  },
};
