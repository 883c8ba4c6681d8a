import { BENCH_HOSTS, openLab } from './lab-link.ts';
import { inTurns, timed, type Question } from './question.ts';
import { fetched, ourWay, peerWay, startSource } from './tunnel-link.ts';

const MEBIBYTE = 1024 * 1024;

export const question: Question = {
  id: 'P13',
  title: 'A tunnel: how much goes through, what it adds to a request, a thousand short connections',
  verified: 'every byte asked for arrived each time, on both sides.',
  peers: ['ssh -V'],
  async run({ quick }) {
    await using lab = await openLab(BENCH_HOSTS.slice(0, 1));
    const [host] = lab.hosts;
    if (!host) throw new Error('no host');
    await startSource(host);
    await using ours = await ourWay(lab, host.name);
    await using peer = await peerWay(lab, host.name, 'ssh');
    const ports = [ours.port, peer.port];
    const all = async (rounds: number, work: (port: number) => Promise<void>) =>
      await inTurns(
        quick ? 1 : rounds,
        ports.map(port => async () => await timed(async () => await work(port))),
      );
    const need = async (port: number, bytes: number): Promise<void> => {
      if (!(await fetched(port, bytes)))
        throw new Error('not every byte arrived: the figures would mean nothing');
    };
    for (const port of ports) await need(port, MEBIBYTE);
    const [big = [], bigPeer = []] = await all(7, async port => await need(port, 256 * MEBIBYTE));
    const [small = [], smallPeer = []] = await all(200, async port => await need(port, 100));
    const [many = [], manyPeer = []] = await all(5, async port => {
      for (let sent = 0; sent < 1000; sent += 20)
        await Promise.all(Array.from({ length: 20 }, async () => await need(port, 100)));
    });
    const peerIs = 'ssh -N -L';
    const we = 'Tunnel, in a process of its own';
    return [
      {
        title: '256 MiB from the host',
        ours: { what: we, times: big },
        peer: { what: peerIs, times: bigPeer },
        target: { kind: 'times-faster', atLeast: 1 },
      },
      {
        title: 'a connection, a short request and its answer, p50',
        ours: { what: we, times: small },
        peer: { what: peerIs, times: smallPeer },
        target: { kind: 'within', atMost: 1.1 },
      },
      {
        title: '1,000 short connections, 20 at once',
        ours: { what: we, times: many },
        peer: { what: peerIs, times: manyPeer },
        target: { kind: 'times-faster', atLeast: 1 },
      },
    ];
  },
};
