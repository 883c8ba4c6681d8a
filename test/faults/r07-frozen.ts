import { setTimeout as pause } from 'node:timers/promises';
import { DaemonUnderTest, isThere } from './daemon-under-test.ts';
import { type Fault, until } from './fault.ts';
import { labFleet, onHost } from './lab-fleet.ts';
import { longCommand } from './load-commands.ts';
import { readOutput } from './task-output.ts';

/** An executor that is frozen until others have taken its work over, and thawed: it is too late. */
export const fault: Fault = {
  id: 'R07',
  title: 'an executor frozen until its claims are taken over, then thawed',
  async run({ short, folder, say, check }) {
    for (let round = 0; round < (short ? 1 : 10); round += 1) {
      await using fleet = await labFleet([112], folder);
      const [host] = fleet.hosts;
      if (!host) throw new Error('no host');
      await using daemon = await DaemonUnderTest.start(`${folder}/${round}`);
      const begin = async (command: string): Promise<string> => {
        const params = { command, outputLimit: 16 * 1024 ** 2 };
        const { surroundings } = fleet;
        const { tasks } = await daemon.api.submit({
          kind: 'ssh.execute',
          hosts: host.name,
          params,
          surroundings,
        });
        return tasks[0]?.id ?? '';
      };
      const ends = await begin(
        'echo ends >>/root/counter; echo one; until test -e /root/go; do sleep 0.1; done; echo two; exit 3',
      );
      const goesOn = await begin(longCommand('goes-on', 20));
      for (const id of [ends, goesOn]) await daemon.seen(id, 'runs', task => task.phase === 'running');
      await pause(1000);
      const frozen = await daemon.executors();
      for (const pid of frozen) process.kill(pid, 'SIGSTOP');
      // its end is there for whoever takes it over
      await onHost(host, 'touch /root/go');
      // given to the frozen one, which has not begun it
      const unread = await begin('echo unread >>/root/counter');
      const task = await daemon.ended(ends);
      await daemon.ended(unread);
      say(
        `taken over: ${task.claim} claims; ${task.state} with exit code ${String(task.result?.['exitCode'])}`,
      );
      check(task.claim >= 2, 'the claim was taken over while its executor was frozen');
      check(
        task.state === 'failed' && task.result?.['exitCode'] === 3,
        'its end was seen by the new executor',
      );
      const before = await daemon.api.events(ends, 0, 1000);
      for (const pid of frozen.filter(isThere)) process.kill(pid, 'SIGCONT');
      const gone = await until(
        'the thawed executor ends',
        60_000,
        async () => !frozen.some(isThere) || undefined,
      ).catch(() => false);
      check(gone, 'the thawed executor ends by itself');
      const long = await daemon.ended(goesOn);
      const after = await daemon.api.events(ends, 0, 1000);
      check(
        before.length === after.length,
        `nothing late was kept: ${before.length} events, ${after.length} after the thaw`,
      );
      check(long.state === 'succeeded', `what went on meanwhile: ${long.state}`);
      const { bytes, sha256, breaks } = await readOutput(daemon, goesOn);
      const [theirs] = (await onHost(host, 'sha256sum /root/stdout-goes-on')).split(' ');
      check(sha256 === theirs && breaks === 0, `${bytes} bytes, equal to the host's, ${breaks} breaks`);
      const runs = (await onHost(host, 'sort /root/counter | uniq -c | tr -s " \\n" " "')).trim();
      check(runs === '1 ends 1 goes-on 1 unread', `runs on the host: ${runs}`);
    }
  },
};
