import { setTimeout as pause } from 'node:timers/promises';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { type Fault, randomBetween } from './fault.ts';
import { labFleet } from './lab-fleet.ts';
import { MixedLoad } from './mixed-load.ts';

/** Packets dropped at random phases: what runs on hosts goes on there and is seen to its end. */
export const fault: Fault = {
  id: 'R02',
  title: 'every packet of a host dropped at random phases, under mixed load',
  async run(kit) {
    const rounds = kit.short ? 3 : 24;
    const longest = kit.short ? 10_000 : 120_000;
    await using fleet = await labFleet([104, 105], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    // a host may be dark from before a task's first try until long after its last one by default
    const load = new MixedLoad(daemon, fleet, { limit: 40, pause: 1000, longestPause: 10_000 });
    const done = new AbortController();
    const busy = load.keepBusy(14, done.signal);
    let dark = 0;
    for (let round = 0; round < rounds; round += 1) {
      await pause(randomBetween(1000, 4000));
      const hosts = round % 3 === 2 ? fleet.hosts : fleet.hosts.slice(round % 2, (round % 2) + 1);
      const length = randomBetween(kit.short ? 5000 : 1000, longest);
      await Promise.all(hosts.map(async host => await host.net('blackhole')));
      await pause(length);
      await Promise.all(hosts.map(async host => await host.net('ok')));
      dark += length;
    }
    done.abort();
    await busy;
    kit.say(`${rounds} times dark, ${(dark / 1000).toFixed(0)} s together`);
    await load.judge(kit, 240_000);
  },
};
