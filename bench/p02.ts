import { BENCH_HOSTS, expectCode, openLab, runProgram } from './lab-link.ts';
import { inTurns, timed, type Question } from './question.ts';

const rounds = 25;

export const question: Question = {
  id: 'P02',
  title:
    'A trivial command on one host without a connection: read the configuration, connect, log in, run, close',
  verified: 'the exit code 3 of the command arrived each time, on both sides; host keys were checked.',
  peers: ['ssh -V'],
  async run() {
    await using lab = await openLab(BENCH_HOSTS.slice(0, 1));
    const name = lab.hosts[0]?.name ?? '';
    const { signal } = new AbortController();
    const once = async (): Promise<void> => {
      await using connection = await lab.connect(name);
      expectCode((await connection.execute('exit 3', { signal })).exitCode, 3, 'Our command');
    };
    await once();
    const [ours = [], peer = []] = await inTurns(rounds, [
      () => timed(once),
      () =>
        timed(async () => {
          const words = [...lab.sshWords(name, '-o', 'ControlPath=none'), 'exit 3'];
          expectCode((await runProgram('ssh', words)).code, 3, 'ssh');
        }),
    ]);
    return [
      {
        title: 'connect + `exit 3`, p50',
        ours: {
          what: 'resolveHost (asks `ssh -G`), connect, execute, close, in a running process',
          times: ours,
        },
        peer: { what: 'ssh, a new process', times: peer },
        target: { kind: 'times-faster', atLeast: 2.5 },
      },
    ];
  },
};
