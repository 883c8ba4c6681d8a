import { setTimeout as pause } from 'node:timers/promises';
import { DaemonUnderTest, isThere, killNow } from './daemon-under-test.ts';
import { type Fault, pick, randomBetween, until } from './fault.ts';
import { labFleet } from './lab-fleet.ts';
import { MixedLoad } from './mixed-load.ts';

/** Kills at random moments under load: nothing acknowledged is lost, nothing runs twice. */
export const fault: Fault = {
  id: 'R01',
  title: 'SIGKILL of the daemon and of executors at random moments, under mixed load',
  async run(kit) {
    const wanted = kit.short ? 12 : 200;
    await using fleet = await labFleet([101, 102, 103], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const load = new MixedLoad(daemon, fleet);
    const done = new AbortController();
    const busy = load.keepBusy(24, done.signal);
    const killed = { daemon: 0, executor: 0 };
    let orphans = 0;
    for (let kill = 0; kill < wanted; kill += 1) {
      await pause(randomBetween(400, 4000));
      const executors = await daemon.persist(async () => await daemon.executors());
      if (kill % 3 === 0 || executors.length === 0) {
        await daemon.kill();
        killed.daemon += 1;
        await pause(randomBetween(0, 1000));
        await daemon.start();
        // they end when they notice, which on a busy machine is not at once
        await until('its executors end', 60_000, async () => !executors.some(isThere) || undefined).catch(
          () => (orphans += executors.filter(isThere).length),
        );
      } else {
        killed.executor += killNow(pick(executors)) ? 1 : 0;
      }
    }
    done.abort();
    await busy;
    kit.say(`${killed.daemon} kills of the daemon, ${killed.executor} of executors`);
    kit.check(orphans === 0, `${orphans} executors that outlived their daemon`);
    await load.judge(kit);
  },
};
