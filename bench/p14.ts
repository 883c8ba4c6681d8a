import { setTimeout as pause } from 'node:timers/promises';
import { BENCH_HOSTS, openLab } from './lab-link.ts';
import type { Question } from './question.ts';
import { fetched, ourWay, peerWay, startSource, type Way } from './tunnel-link.ts';

/** Milliseconds without a packet: autossh's ssh gives up after 15 s. */
const CUT = 20_000;
const ALIVE = ['-o', 'ServerAliveInterval=5', '-o', 'ServerAliveCountMax=2'];

export const question: Question = {
  id: 'P14',
  title: 'A tunnel after the network was gone for 20 s: noticed, and serving again on the same port',
  verified: 'served means that a new connection to the same local port got its answer through the host.',
  peers: ['ssh -V', 'autossh -V'],
  async run({ quick }) {
    await using lab = await openLab(BENCH_HOSTS.slice(0, 1));
    const [host] = lab.hosts;
    if (!host) throw new Error('no host');
    await startSource(host);
    await using ours = await ourWay(lab, host.name);
    await using peer = await peerWay(lab, host.name, 'autossh', ...ALIVE);
    const detected: number[] = [];
    const times: number[] = [];
    const peerTimes: number[] = [];
    for (let round = 0; round < (quick ? 1 : 5); round += 1) {
      for (const way of [ours, peer]) while (!(await fetched(way.port, 1, 1_000))) await pause(100);
      const cutAt = Date.now();
      await host.net('blackhole');
      await pause(CUT);
      const down = ours.changes.find(({ state, time }) => state === 'down' && time >= cutAt);
      detected.push(down ? down.time - cutAt : Number.NaN);
      await host.net('ok');
      const [one, other] = await Promise.all([untilServed(ours), untilServed(peer)]);
      times.push(one);
      peerTimes.push(other);
    }
    return [
      {
        title: 'until the silence is noticed',
        ours: { what: 'keep-alive every 1.4 s, three without an answer', times: detected },
        target: { kind: 'at-most', limit: 10_000 },
      },
      {
        title: 'until it serves again, from the return of the network',
        ours: { what: 'Tunnel, in a process of its own', times },
        target: { kind: 'at-most', limit: 2_000 },
      },
      {
        title: 'the same beside autossh',
        ours: { what: 'Tunnel', times },
        peer: { what: 'autossh -M 0, ServerAlive 5 × 2', times: peerTimes },
        target: { kind: 'times-faster', atLeast: 1 },
      },
    ];
  },
};

/** A client that tries again and again, each time for a second. */
async function untilServed(way: Way): Promise<number> {
  const begun = performance.now();
  while (!(await fetched(way.port, 1, 1_000))) {
    if (performance.now() - begun > 120_000) throw new Error('it never served again');
    await pause(20);
  }
  return performance.now() - begun;
}
