import { systemClock } from '../src/core/clock.ts';
import { newId } from '../src/core/ids.ts';
import { Holder } from '../src/holder/holder.ts';
import { BENCH_HOSTS, expectCode, openLab, runProgram } from './lab-link.ts';
import { inTurns, timed, type Question } from './question.ts';

const rounds = 100;

export const question: Question = {
  id: 'P16',
  title:
    'What it costs that a command outlives its connection: under the holder against straight on a channel',
  verified: 'the exit code 3 of the command arrived each time; every held run left its own run directory.',
  peers: ['ssh -V'],
  async run() {
    await using lab = await openLab(BENCH_HOSTS.slice(0, 1));
    const host = lab.hosts[0];
    if (!host) throw new Error('no lab host');
    await using connection = await lab.connect(host.name);
    const control = await lab.openMaster(host.name);
    const holder = new Holder(connection, { clock: systemClock });
    const { signal } = new AbortController();
    const held = async (): Promise<void> => {
      const run = await holder.run(
        {
          id: newId('run', Date.now()),
          host: host.name,
          script: 'exit 3',
          privilege: 'user',
          timeout: 0,
          outputLimit: 1024,
          durable: true,
        },
        signal,
      );
      expectCode(run.exitCode, 3, 'The held command');
    };
    await held();
    const [ours = [], direct = [], mux = []] = await inTurns(rounds, [
      () => timed(held),
      () =>
        timed(async () =>
          expectCode((await connection.execute('exit 3', { signal })).exitCode, 3, 'The direct command'),
        ),
      () =>
        timed(async () =>
          expectCode(
            (await runProgram('ssh', [...lab.sshWords(host.name, ...control), 'exit 3'])).code,
            3,
            'ssh',
          ),
        ),
    ]);
    return [
      {
        title: 'held against direct, p50',
        ours: { what: 'Holder.run', times: ours },
        peer: { what: 'SshConnection.execute', times: direct },
        target: { kind: 'added', atMost: 15 },
      },
      {
        title: 'held against the system client, p50',
        ours: { what: 'Holder.run', times: ours },
        peer: { what: 'ssh over its ControlMaster', times: mux },
        target: { kind: 'added', atMost: 15 },
      },
    ];
  },
};
