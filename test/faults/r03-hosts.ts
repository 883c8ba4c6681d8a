import { setTimeout as pause } from 'node:timers/promises';
import type { LabHost } from '../lab/lab.ts';
import { DaemonUnderTest } from './daemon-under-test.ts';
import { type Fault, type FaultKit, until } from './fault.ts';
import { type LabFleet, labFleet, onHost } from './lab-fleet.ts';
import { readOutput } from './task-output.ts';

interface Place {
  readonly daemon: DaemonUnderTest;
  readonly fleet: LabFleet;
  readonly kit: FaultKit;
}

/** What is done to a host under a running command: the verdict is right, or says that nobody saw the end. */
export const fault: Fault = {
  id: 'R03',
  title: 'sshd killed, host powered off, sshd frozen, each under a running command',
  async run(kit) {
    await using fleet = await labFleet([107, 108, 109], kit.folder);
    await using daemon = await DaemonUnderTest.start(kit.folder);
    const [killed, rebooted, frozen] = fleet.hosts;
    if (!killed || !rebooted || !frozen) throw new Error('three hosts are needed');
    const place = { daemon, fleet, kit };
    await Promise.all([
      killSshd(place, killed),
      powerOff(place, rebooted),
      freezeSshd(place, frozen, killed),
    ]);
  },
};

async function begin(
  { daemon, fleet }: Place,
  host: LabHost,
  command: string,
  extra: { readonly onLost?: 'hold' | 'retry' } = {},
): Promise<string> {
  const { surroundings } = fleet;
  const submission = { kind: 'ssh.execute', hosts: host.name, params: { command }, surroundings, ...extra };
  const { tasks } = await daemon.api.submit(submission);
  return tasks[0]?.id ?? '';
}

async function killSshd(place: Place, host: LabHost): Promise<void> {
  const { daemon, kit } = place;
  const id = await begin(place, host, 'echo killed >>/root/counter; echo one; sleep 8; echo two; exit 5');
  await daemon.seen(id, 'runs', task => task.begun && task.phase === 'running');
  await pause(1500);
  // every sshd of this host, the listening one and the one that serves us; systemd starts a new one
  await host.run(
    "setsid sh -c 'sleep 0.3; kill -KILL $(pgrep sshd); sleep 2; systemctl restart ssh' >/dev/null 2>&1 &",
  );
  const task = await daemon.ended(id);
  const { bytes, breaks } = await readOutput(daemon, id);
  kit.check(
    task.state === 'failed' && task.result?.['exitCode'] === 5,
    `sshd killed: ${task.state} with exit code ${String(task.result?.['exitCode'])}, wanted failed with 5`,
  );
  kit.check(bytes === 8 && breaks === 0, `sshd killed: ${bytes} bytes of 8, ${breaks} breaks`);
  const runs = (await onHost(host, 'grep -c killed /root/counter')).trim();
  kit.check(runs === '1', `sshd killed: it ran ${runs} times`);
}

async function powerOff(place: Place, host: LabHost): Promise<void> {
  const { daemon, kit } = place;
  // neither ends before the power is off, and each is counted by then
  const command = (key: string): string =>
    `echo ${key} >>/root/counter; sync; touch /root/${key}; until test -e /root/go; do sleep 0.1; done; echo end`;
  const held = await begin(place, host, command('held'));
  const again = await begin(place, host, command('again'), { onLost: 'retry' });
  for (const id of [held, again])
    await daemon.seen(id, 'runs', task => task.begun && task.phase === 'running');
  await until('both are counted', 120_000, async () => {
    const { code } = await host.run('test -e /root/held && test -e /root/again');
    return code === 0 || undefined;
  });
  await pause(1000);
  await host.stop();
  await pause(3000);
  await host.start();
  await onHost(host, 'touch /root/go');
  const lost = await daemon.ended(held);
  kit.check(lost.state === 'lost', `powered off: ${lost.state}, wanted lost`);
  kit.check(
    lost.error?.code === 'task.lost',
    `powered off: ${lost.error?.code ?? 'no error'}: ${lost.error?.message ?? ''}`,
  );
  const repeated = await daemon.ended(again);
  kit.check(
    repeated.state === 'succeeded' && repeated.attempt === 2,
    `powered off, onLost retry: ${repeated.state} in attempt ${repeated.attempt}, wanted succeeded in 2`,
  );
  const runs = (await onHost(host, 'grep -c held /root/counter; grep -c again /root/counter'))
    .trim()
    .split('\n');
  kit.check(runs[0] === '1', `powered off: what is held ran ${runs[0]} times`);
  kit.check(runs[1] === '2', `powered off: what may be repeated ran ${runs[1]} times`);
}

async function freezeSshd(place: Place, host: LabHost, other: LabHost): Promise<void> {
  const { daemon, kit } = place;
  const seconds = kit.short ? 60 : 90;
  const id = await begin(place, host, 'echo frozen >>/root/counter; echo one; sleep 6; echo two; exit 3');
  await daemon.seen(id, 'runs', task => task.begun && task.phase === 'running');
  await host.run(
    `setsid sh -c 'sleep 0.3; frozen=$(pgrep sshd); kill -STOP $frozen; sleep ${seconds}; kill -CONT $frozen' >/dev/null 2>&1 &`,
  );
  await pause(1000);
  const late = await begin(place, host, 'echo late >>/root/counter');
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const begun = performance.now();
    await daemon.ended(await begin(place, other, 'echo other'));
    times.push(performance.now() - begun);
  }
  const longest = Math.max(...times);
  kit.say(
    `sshd frozen for ${seconds} s: five commands on another host took ${times.map(time => time.toFixed(0)).join(', ')} ms`,
  );
  // whoever waited for the frozen one would wait until it is thawed; one of these may meet the moment in which the other
  // host's sshd is killed, and a machine may be busy
  kit.check(
    longest < (seconds - 15) * 1000,
    `sshd frozen: the slowest on another host took ${longest.toFixed(0)} ms`,
  );
  const task = await daemon.ended(id, (seconds + 120) * 1000);
  kit.check(
    task.state === 'failed' && task.result?.['exitCode'] === 3,
    `sshd frozen: ${task.state} with exit code ${String(task.result?.['exitCode'])}, wanted failed with 3`,
  );
  const last = await daemon.ended(late, 120_000);
  const runs = (await onHost(host, 'grep -c frozen /root/counter; grep -c late /root/counter; true'))
    .trim()
    .split('\n');
  kit.check(runs[0] === '1', `sshd frozen: it ran ${runs[0]} times`);
  // one that was only about to connect may say that the host is out of reach; then it ran nowhere
  const honest = last.state === 'succeeded' ? runs[1] === '1' : last.state === 'failed' && runs[1] === '0';
  kit.check(
    honest,
    `sshd frozen: what came meanwhile is ${last.state} (${last.error?.code ?? 'no error'}) and ran ${runs[1]} times`,
  );
}
