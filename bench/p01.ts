import { BENCH_HOSTS, expectCode, openLab, runProgram } from './lab-link.ts';
import { inTurns, timed, type Question } from './question.ts';

const rounds = 200;

export const question: Question = {
  id: 'P01',
  title: 'A trivial command on one host over an open connection: library call to result',
  verified: 'the exit code 3 of the command arrived each time, on both sides.',
  peers: ['ssh -V'],
  async run() {
    await using lab = await openLab(BENCH_HOSTS.slice(0, 1));
    const name = lab.hosts[0]?.name ?? '';
    await using connection = await lab.connect(name);
    const control = await lab.openMaster(name);
    const { signal } = new AbortController();
    const [ours = [], peer = []] = await inTurns(rounds, [
      () =>
        timed(async () =>
          expectCode((await connection.execute('exit 3', { signal })).exitCode, 3, 'Our command'),
        ),
      () =>
        timed(async () =>
          expectCode((await runProgram('ssh', [...lab.sshWords(name, ...control), 'exit 3'])).code, 3, 'ssh'),
        ),
    ]);
    return [
      {
        title: '`exit 3`, p50',
        ours: { what: 'SshConnection.execute', times: ours },
        peer: { what: 'ssh over its ControlMaster', times: peer },
        target: { kind: 'times-faster', atLeast: 5 },
      },
    ];
  },
};
